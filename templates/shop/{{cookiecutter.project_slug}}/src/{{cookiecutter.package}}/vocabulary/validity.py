"""When something counts: from a moment on, until another; open on either side."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator
from sqlalchemy.orm import Mapped

from chassis.values import Moment

From = Annotated[Moment | None, Field(description="not before; null: always", examples=["2026-01-31T12:00:00Z"])]
Until = Annotated[Moment | None, Field(description="before; null: for ever", examples=["2026-12-31T12:00:00Z"])]


class Validity(BaseModel):
    """Members of what counts for some time."""

    valid_from: From = None
    valid_until: Until = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self


class TimeLimited:
    """Columns of what counts for some time."""

    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


def overlap(
    begin: datetime | None, end: datetime | None, other_begin: datetime | None, other_end: datetime | None
) -> bool:
    """Tell whether two spans of time, each without its end, have a moment in common."""
    return (begin is None or other_end is None or begin < other_end) and (
        end is None or other_begin is None or other_begin < end
    )


def holds(begin: datetime | None, end: datetime | None, moment: datetime) -> bool:
    """Tell whether a moment lies in a span of time: its beginning does, its end does not."""
    return (begin is None or begin <= moment) and (end is None or moment < end)
