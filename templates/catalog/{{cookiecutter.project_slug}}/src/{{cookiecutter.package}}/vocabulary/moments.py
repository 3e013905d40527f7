"""Points in time as whole microseconds since 1970: the form in which what touchpoints read compares them."""

from datetime import UTC, datetime, timedelta

ALWAYS, NEVER_ENDING = 0, 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(count: int) -> datetime:
    """Return the moment that is so many microseconds after the beginning of 1970."""
    return _EPOCH + timedelta(microseconds=count)


def window(begin: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return the first microsecond and the one after the last; an open side is as far away as can be."""
    return (
        ALWAYS if begin is None else microseconds(begin),
        NEVER_ENDING if end is None else microseconds(end),
    )
