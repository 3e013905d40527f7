"""What is read of the portal's events. They may say more; what the shop needs, they have to say."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class TellsDecision(BaseModel):
    """``approval.decided``: ``id`` is the request's, which the shop gave it, and ``reference`` the cart's."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    kind: str
    reference: str
    decision: Literal["approved", "rejected", "withdrawn"]
