"""What events tell: which thing, in which version, and what happened to it. Who may see more reads it from the API."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Change = Literal["created", "changed", "deleted"]


class Fact(BaseModel):
    """What happened to one thing."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the thing", examples=["0190a5e0-0000-7000-8000-000000000000"])
    key: str = Field(description="its key", examples=["circulation-pump-c40"])
    version: int = Field(description="its version after the change", examples=[1])
    change: Change = Field(description="created, changed or deleted", examples=["changed"])
