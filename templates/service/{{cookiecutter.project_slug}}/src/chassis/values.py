"""Words that every commerce service speaks: money in whole minor units, countries, languages, keys, article numbers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code", examples=["EUR"])]

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2 code", examples=["DE"])]

Locale = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", max_length=12),
    Field(description="language tag (BCP 47): language, script, region", examples=["de-AT"]),
]

Key = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9]|[-_.][a-z0-9]){0,99}$",
        max_length=100,
        description="lower-case letters and digits, single `-`, `_` or `.` between them; never changes",
        examples=["circulation-pump-c40"],
    ),
]

Sku = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$", max_length=60),
    Field(description="stock keeping unit: what is ordered, counted and priced", examples=["C40-230V"]),
]


class Money(BaseModel):
    """An amount of money."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 1999, "currency": "EUR"}]})

    amount: Annotated[
        int, Field(strict=True, ge=0, le=10**15, description="in the currency's smallest unit", examples=[1999])
    ]
    currency: Currency
