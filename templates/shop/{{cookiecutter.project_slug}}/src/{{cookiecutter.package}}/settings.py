"""The settings of the shop beside the chassis' own."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from chassis.settings import Settings


class ShopSettings(Settings):
    """Every setting of the shop. The name of the environment variable is the field's name in capitals."""

    catalog_url: str = Field("", description="the catalog service; empty: articles come from CATALOG_FIXTURE")
    catalog_fixture: str = Field("", description="JSON file of articles; empty: any SKU is an article")
    catalog_locale: str = Field("", description="language of article names; empty: the channel's first one")
    catalog_seconds: float = Field(1.0, gt=0, description="longest time that the catalog may take for an answer")
    catalog_fresh_seconds: float = Field(60.0, ge=0, description="how long an article is taken as it was read")
    cart_abandoned_hours: float = Field(24.0, gt=0, description="how long a cart lies untouched until it is abandoned")
    guest_days: float = Field(30.0, gt=0, description="how long a guest is known")
    payment_provider: str = Field(
        "",
        pattern="^(|none|sandbox|remote)$",
        description="`remote`, `sandbox` or `none`; empty: the sandbox in dev alone",
    )
    payment_url: str = Field("", description="where the remote payment provider is asked")
    payment_api_key: SecretStr = Field(SecretStr(""), description="sent to it as a bearer token; empty: none is sent")
    payment_seconds: float = Field(10.0, gt=0, description="longest time that it may take for an answer")
    payment_webhook_secret: SecretStr = Field(
        SecretStr(""), description="signs the provider's webhooks; empty: derived from SECRET_KEY"
    )
    payment_minutes: float = Field(30.0, gt=0, description="how long an order waits for its payment")
    payment_poll_seconds: float = Field(0.5, gt=0, description="how often requests to the provider are looked for")
    payment_unknown_seconds: float = Field(5.0, gt=0, description="after which an unanswered request is asked about")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.payment_provider == "remote" and not (self.payment_url and self.payment_webhook_secret):
            raise ValueError("PAYMENT_PROVIDER=remote needs PAYMENT_URL and PAYMENT_WEBHOOK_SECRET")
        return self
