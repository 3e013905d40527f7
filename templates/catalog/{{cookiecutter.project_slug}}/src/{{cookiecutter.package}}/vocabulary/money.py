"""Money: integer minor units of a currency (ISO 4217), never a float."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code", examples=["EUR"])]


class Money(BaseModel):
    """An amount of money."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 1999, "currency": "EUR"}]})

    amount: Annotated[
        int, Field(strict=True, ge=0, le=10**15, description="in the currency's smallest unit", examples=[1999])
    ]
    currency: Currency
