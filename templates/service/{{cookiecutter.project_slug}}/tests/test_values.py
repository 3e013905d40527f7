"""Words that every commerce service speaks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chassis.values import Country, Currency, Key, Locale, Moment, Money, Sku


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        (Currency, ["EUR", "JPY", "BGN"], ["eur", "EURO", "€", "", "XXQ", "XAU"]),
        (Country, ["DE", "AT", "XK"], ["de", "DEU", "", "D1", "UK", "EU"]),
        (
            Locale,
            ["de", "de-AT", "zh-Hant-TW", "es-419", "gsw-CH"],
            ["DE", "de_AT", "german", "de-at", "zz", "zz-DE", "de-ZZ", "de-Latn-ZZ"],
        ),
        (Key, ["a", "circulation-pump-c40", "v1.2_x"], ["", "-a", "a--b", "A", "a-", "a" * 101]),
        (Sku, ["C40", "C40-230V", "a/b.c_d"], ["", "-C40", "C40-", "C 40", "x" * 61]),
    ],
    ids=["currency", "country", "locale", "key", "sku"],
)
def test_words_have_one_spelling(kind: Any, good: list[str], wrong: list[str]) -> None:
    """What is compared byte by byte elsewhere is written in one way only."""
    adapter = TypeAdapter[str](kind)

    assert [adapter.validate_python(each) for each in good] == good
    for each in wrong:
        with pytest.raises(ValidationError):
            adapter.validate_python(each)


def test_unknown_code_is_named() -> None:
    """A slip such as `UK` for `GB` is told as what it is, and not as a breach of a pattern."""
    with pytest.raises(ValidationError, match=r"UK is not the code of a country \(ISO 3166-1\)"):
        TypeAdapter[str](Country).validate_python("UK")


@pytest.mark.parametrize("text", ["2026-02-01T00:30:00+05:30", "2026-01-31t19:00:00Z", "2026-01-31T14:00:00.000-05:00"])
def test_moment_is_read_in_any_zone_and_kept_in_utc(text: str) -> None:
    """Everybody who reads it reads the same, wherever it was written."""
    read = TypeAdapter[datetime](Moment).validate_python(text)

    assert (read, read.tzinfo) == (datetime(2026, 1, 31, 19, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    "value",
    [
        1769886000, "1769886000", "2026-01-31", "2026-01-31T19:00Z", "2026-01-31T19:00:00", "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-01:00",
    ],
)  # fmt: skip
def test_moment_has_one_meaning(value: object) -> None:
    """A number could be seconds or milliseconds, a day begins elsewhere earlier, and UTC ends with the year 9999."""
    with pytest.raises(ValidationError):
        TypeAdapter[datetime](Moment).validate_python(value)


@pytest.mark.parametrize("amount", [19.99, 19.0, "1999", True, -1, 10**15 + 1])
def test_money_is_whole_minor_units(amount: object) -> None:
    """A float would lose cents; a text or a boolean is somebody's slip."""
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "EUR"})


def test_money_reads_back() -> None:
    """What is written is what is read."""
    price = Money(amount=1999, currency="EUR")

    assert Money.model_validate_json(price.model_dump_json()) == price
