"""Privacy as callers see it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class PrivacyExport(BaseModel):
    """Everything that is known about a buyer (Regulation (EU) 2016/679, articles 15 and 20)."""

    owner: str = Field(description="subject of the token, as everything of the buyer's is marked", examples=["ann"])
    exported_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    data: dict[str, list[dict[str, Any]]] = Field(description="by table: every row about the buyer, with all columns")
    elsewhere: dict[str, str] = Field(description="what cannot be searched for a buyer, and why that is no harm")


class ErasureDraft(BaseModel):
    """The wish to be forgotten."""

    model_config = ConfigDict(extra="forbid")

    confirm: Literal[True] = Field(description="it cannot be taken back", examples=[True])


class Erased(BaseModel):
    """What became of the rows of one table."""

    table: str = Field(description="where", examples=["orders"])
    rows: int = Field(description="how many", examples=[2])
    fate: str = Field(description="deleted, cleared or kept", examples=["cleared"])
    why: str = Field(description="the reason for what is kept; empty: nothing is", examples=["commercial records"])


class Erasure(BaseModel):
    """A buyer was forgotten: what was deleted, what was kept, and why (Regulation (EU) 2016/679, article 17)."""

    id: UUID = Field(description="the erasure", examples=["0190a5e0-0000-7000-8000-000000000000"])
    owner: str = Field(description="what stands in the place of the buyer's name now", examples=["erased:0190a5e0"])
    erased_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    report: list[Erased] = Field(max_length=100, description="by table: what became of it")
    elsewhere: dict[str, str] = Field(description="what cannot be searched for a buyer, and why that is no harm")
