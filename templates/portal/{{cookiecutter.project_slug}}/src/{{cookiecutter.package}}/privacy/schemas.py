"""Privacy as callers see it."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from ..vocabulary.shapes import Draft, Moment


class PrivacyExport(BaseModel):
    """Everything that is known about a person (Regulation (EU) 2016/679, articles 15 and 20)."""

    person_id: UUID | None = Field(description="the person, by the portal's own identifier; none: nothing is known")
    exported_at: Moment
    data: dict[str, list[dict[str, Any]]] = Field(
        description="by table: every row about the person, with all its columns"
    )
    elsewhere: dict[str, str] = Field(description="what cannot be searched for a person, and when it goes by itself")


class ErasureDraft(Draft):
    """The wish to be forgotten."""

    confirm: bool = Field(strict=True, description="true: it cannot be taken back", examples=[True])


class Erased(BaseModel):
    """What became of the rows that named a person in one way."""

    table: str = Field(description="where", examples=["quotes"])
    column: str = Field(description="as what", examples=["person_id"])
    rows: int = Field(description="how many")
    fate: str = Field(description="deleted, cleared or kept", examples=["kept"])
    why: str = Field(description="the reason for what is kept", examples=["commercial records"])
    free_text: list[str] = Field(
        default_factory=list,
        description="columns that stay as somebody wrote them; a name that was written there still stands there",
        examples=[["comment"]],
    )


class Erasure(BaseModel):
    """A person was forgotten: what was deleted, what was kept, and why (Regulation (EU) 2016/679, article 17)."""

    person_id: UUID = Field(description="the identifier that stays, and says nothing any more")
    erased_at: Moment
    report: list[Erased] = Field(description="by column: what became of it")
    elsewhere: dict[str, str] = Field(description="what cannot be searched for a person, and when it goes by itself")
