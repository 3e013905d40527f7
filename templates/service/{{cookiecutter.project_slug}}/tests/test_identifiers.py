"""UUID version 7."""

import time

import pytest

from chassis import identifiers
from chassis.identifiers import uuid7


def test_identifiers_sort_by_creation() -> None:
    """Thousands made in the same millisecond are in order and all different."""
    made = [uuid7() for _ in range(5000)]

    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_identifier_tells_its_time() -> None:
    """The first 48 bits are milliseconds since 1970 (RFC 9562, section 5.7)."""
    assert abs((uuid7().int >> 80) - time.time_ns() // 1_000_000) < 1000


def test_order_survives_a_clock_that_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time may jump, lists must not."""
    before = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    assert before < uuid7() < uuid7()


def test_order_survives_a_full_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    """When one millisecond's numbers are used up the next one's begin."""
    far = (1 << 45, (1 << 42) - 1)
    monkeypatch.setattr(identifiers, "_last", far)

    assert uuid7().int >> 80 == far[0] + 1
