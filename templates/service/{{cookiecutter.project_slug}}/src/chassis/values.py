"""Words that every commerce service speaks: money in whole minor units, countries, languages, moments, keys."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chassis.codes import COUNTRIES, CURRENCIES, LANGUAGES
from chassis.patterns import worded


def check_currency(code: str) -> str:
    """Return the code of a currency as it is.

    :raises ValueError: when ISO 4217 has no such code, or one without a minor unit.
    """
    if code not in CURRENCIES:
        raise ValueError(f"{code} is not the code of a currency (ISO 4217)")
    return code


def check_country(code: str) -> str:
    """Return the code of a country as it is.

    :raises ValueError: when ISO 3166-1 has no such code.
    """
    if code not in COUNTRIES:
        raise ValueError(f"{code} is not the code of a country (ISO 3166-1)")
    return code


@lru_cache(maxsize=1000)  # an import asks for the same few a million times
def check_locale(tag: str) -> str:
    """Return a well-formed language tag as it is (BCP 47, which is RFC 5646).

    Of what it is made of, languages of two letters and countries are looked up; languages of three letters, scripts and
    regions by number are many thousand, and taken as they are.

    :raises ValueError: when there is no such language or no such country.
    """
    language, *others = tag.split("-")
    if len(language) == 2 and language not in LANGUAGES:
        raise ValueError(f"{language} is not the code of a language (ISO 639-1)")
    if others and len(others[-1]) == 2:
        check_country(others[-1])
    return tag


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[-+][0-9]{2}:[0-9]{2})"
)


def check_moment(value: object) -> object:
    """Return a moment as callers write it (RFC 3339, section 5.6), or one that is read already, as it is.

    :raises ValueError: for what could be meant otherwise: a number, or a time without seconds or zone.
    """
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        return value
    raise ValueError("takes a date and a time with its zone, such as `2026-01-31T12:00:00Z` (RFC 3339)")


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC.

    :raises ValueError: when UTC has no year between 1 and 9999 for it.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("takes a moment between the years 1 and 9999, in UTC as well") from None


Moment = Annotated[AwareDatetime, BeforeValidator(check_moment), AfterValidator(in_utc)]
"""A point in time; whatever zone it was written in, it is answered and stored in UTC."""

Currency = Annotated[
    str,
    Field(
        pattern=worded(r"^[A-Z]{3}$", "takes the three capital letters of an ISO 4217 code"),
        description="ISO 4217 code",
        examples=["EUR"],
    ),
    AfterValidator(check_currency),
]

Country = Annotated[
    str,
    Field(
        pattern=worded(r"^[A-Z]{2}$", "takes the two capital letters of an ISO 3166-1 code"),
        description="ISO 3166-1 alpha-2 code",
        examples=["DE"],
    ),
    AfterValidator(check_country),
]

Locale = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
            "takes a language tag such as `de`, `de-AT` or `zh-Hant-TW` (BCP 47)",
        ),
        max_length=12,
    ),
    AfterValidator(check_locale),
    Field(description="language tag (BCP 47): language, script, region", examples=["de-AT"]),
]

Key = Annotated[
    str,
    Field(
        pattern=worded(
            r"^[a-z0-9]([a-z0-9]|[-_.][a-z0-9]){0,99}$",
            "takes at most 100 lower-case letters (a to z) and digits, with a single `-`, `_` or `.` between them",
        ),
        max_length=100,
        description="lower-case letters and digits, single `-`, `_` or `.` between them; never changes",
        examples=["circulation-pump-c40"],
    ),
]

Sku = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$",
            "takes letters (A to Z) and digits, with `-`, `_`, `.` or `/` between them",
        ),
        max_length=60,
    ),
    Field(description="stock keeping unit: what is ordered, counted and priced", examples=["C40-230V"]),
]


LARGEST_AMOUNT = 10**15
"""No amount is larger, in the currency's smallest unit: every JSON parser takes such a number as it is (RFC 7493)."""


class Money(BaseModel):
    """An amount of money."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 1999, "currency": "EUR"}]})

    amount: Annotated[
        int, Field(strict=True, ge=0, le=LARGEST_AMOUNT, description="in the currency's smallest unit", examples=[1999])
    ]
    currency: Currency
