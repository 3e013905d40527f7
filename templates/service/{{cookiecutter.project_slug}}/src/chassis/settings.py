"""Settings: from the environment only, checked once, at the start."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from chassis.placeholders import weak_secrets
from chassis.project import ROOT, project
from chassis.webhook_keys import key_of

_SHORTEST_SECRETS = {"secret_key": 32, "events_secrets": 24, "events_senders": 24}
_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}


class Environment(StrEnum):
    """Where the process runs. Only ``dev`` may start without secrets and an identity provider."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Publisher(StrEnum):
    """Where events go."""

    LOG = "log"
    HTTP = "http"
    NATS = "nats"


_Listed = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Every setting of the service. The name of the environment variable is the field's name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Environment = Field(Environment.DEV, description="dev, staging or prod")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    log_level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error")
    var_dir: Path = Field(ROOT / "var", description="where ENVIRONMENT=dev keeps its database and its keys")

    database_url: SecretStr = Field(SecretStr(""), description="SQLAlchemy URL; empty means SQLite in VAR_DIR")
    database_pool_size: int = Field(
        10, ge=1, description="most connections of one process for transactions, and as many again for direct reads"
    )
    database_timeout_seconds: float = Field(
        5.0, gt=0, description="longest wait for a connection, a lock or one statement"
    )
    database_silence_seconds: float = Field(
        0.7, gt=0, description="how long PostgreSQL may be silent until requests are refused at once"
    )

    secret_key: SecretStr = Field(SecretStr(""), description="signs cursors and guests' tokens; at least 32 characters")
    auth_issuer: str = Field("", description="OIDC issuer whose tokens are accepted")
    auth_audience: str = Field("", description="audience that a token must name")
    auth_jwks_url: str = Field("", description="key set; empty means: ask the issuer's discovery document")
    auth_algorithms: _Listed = Field(
        ("RS256", "ES256", "EdDSA"), description="accepted signature algorithms, separated by commas"
    )
    auth_leeway_seconds: int = Field(30, ge=0, le=300, description="tolerated clock skew")
    auth_tenant: str = Field("", description="tenant whose tokens are accepted, where the data is that of one house")
    auth_tenant_claim: str = Field(
        "tenant", min_length=1, description="claim of a token that names the caller's tenant"
    )

    events_publisher: Publisher = Field(Publisher.LOG, description="log, http or nats")
    events_subscribers: Annotated[dict[str, str], NoDecode] = Field(
        {}, description="who gets events by http: name=URL, separated by commas"
    )
    events_secrets: Annotated[dict[str, SecretStr], NoDecode] = Field(
        {}, description="signs what each of them gets: name=secret, separated by commas"
    )
    events_senders: Annotated[dict[str, SecretStr], NoDecode] = Field(
        {}, description="who may deliver events here, and the secret that signs them: name=secret, separated by commas"
    )
    events_nats_url: SecretStr = Field(SecretStr("nats://127.0.0.1:4222"), description="NATS server with JetStream")
    events_nats_prefix: str = Field("events", description="first part of the NATS subject")
    relay_embedded: bool = Field(True, description="whether the server publishes too, or `chassis relay` alone does")
    relay_poll_seconds: float = Field(1.0, gt=0, description="how often the outbox is looked at without being told")
    relay_deadline_seconds: float = Field(5.0, gt=0, le=60, description="longest time that one delivery may take")
    relay_longest_wait_seconds: float = Field(60.0, gt=0, description="longest pause between two attempts")
    relay_give_up_hours: float = Field(72.0, ge=0, description="how old an event gets until a failure is its last one")
    inbox_hours: float = Field(720.0, gt=0, description="how long the ids of received events are kept")
    idempotency_seconds: float = Field(86400.0, gt=0, description="how long a repeated request gets the same answer")

    rate_limit_requests: int = Field(12_000, ge=0, description="requests of one caller and window; 0 means no limit")
    rate_limit_seconds: int = Field(60, ge=1, description="length of a window")
    cors_origins: _Listed = Field((), description="origins of web pages that may call, separated by commas")

    max_body_bytes: int = Field(1024 * 1024, ge=1, description="longest request body")
    max_body_seconds: float = Field(10.0, gt=0, description="longest time a body may take to arrive")
    max_head_bytes: int = Field(32 * 1024, ge=1024, description="longest request line and header fields together")
    max_head_fields: int = Field(100, ge=10, description="most header fields")
    max_head_seconds: float = Field(10.0, gt=0, description="longest time a request's head may take to arrive")
    max_json_depth: int = Field(32, ge=1, le=500, description="deepest nesting of a JSON body")
    max_json_string: int = Field(100_000, ge=1, description="longest string in a JSON body, in characters")
    max_json_items: int = Field(10_000, ge=1, description="most items in one JSON array or object")
    request_seconds: float = Field(30.0, gt=0, description="longest time a request may take")
    concurrent_requests: int = Field(100, ge=1, description="most requests in flight; the next is refused with 503")
    queue_seconds: float = Field(
        0.02, gt=0, description="how long requests may wait for processor or database until fewer are let in"
    )
    keep_alive_seconds: int = Field(75, ge=1, description="how long an idle connection is kept; more than the proxy's")

    drain_seconds: float = Field(
        5.0, ge=0, description="how long a process that got SIGTERM still accepts requests while it is not ready"
    )
    shutdown_seconds: int = Field(20, ge=1, description="how long requests in flight may take to finish after that")

    @field_validator("auth_algorithms", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("auth_algorithms")
    @classmethod
    def _only_asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # A shared secret would let every holder of it mint tokens, and "none" everybody (RFC 8725, section 3.1).
        for name in value:
            if name[:2] not in ("RS", "PS", "ES", "Ed"):
                raise ValueError(f"{name!r} is not an asymmetric signature algorithm")
        return value

    @field_validator("events_subscribers", "events_secrets", "events_senders", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
        for name, right in pairs.items():
            if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name) or not right:
                raise ValueError("not of the form name=value,name=value, with names of lower-case letters and digits")
        return pairs

    @field_validator("events_secrets", "events_senders")
    @classmethod
    def _keys(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            try:
                key_of(secret.get_secret_value())
            except ValueError as error:
                raise ValueError(f"the secret of {name!r}: {error}") from None
        return value

    @field_validator("events_subscribers")
    @classmethod
    def _addresses(cls, value: dict[str, str]) -> dict[str, str]:
        for name, url in value.items():
            if not url.startswith(("https://", "http://")):
                raise ValueError(f"the address of {name!r} is not an http(s):// URL")
        return value

    @field_validator("database_url")
    @classmethod
    def _parsable(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value()) if value.get_secret_value() else None
        except ArgumentError:
            raise ValueError("not a database URL such as postgresql://user:password@host/name") from None
        if url is not None and url.get_backend_name() not in ("postgresql", "postgres", "sqlite"):
            raise ValueError(f"{url.get_backend_name()!r} is neither postgresql nor sqlite")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        by_http = self.events_publisher is Publisher.HTTP
        if by_http and not self.events_subscribers:
            raise ValueError("EVENTS_PUBLISHER=http needs EVENTS_SUBSCRIBERS")
        if unknown := ", ".join(sorted(self.events_secrets.keys() - self.events_subscribers.keys())):
            raise ValueError(f"EVENTS_SECRETS names {unknown}, which EVENTS_SUBSCRIBERS does not")
        if self.environment is Environment.DEV:
            return self
        faults = [*weak_secrets(self, _SHORTEST_SECRETS)]
        if missing := ", ".join(self._missing()):
            faults.insert(0, f"ENVIRONMENT={self.environment} needs {missing}")
        if self.auth_issuer and not self.auth_issuer.startswith("https://"):
            faults.append("AUTH_ISSUER must be an https:// URL")
        if self.auth_jwks_url and not self.auth_jwks_url.startswith("https://"):
            faults.append("AUTH_JWKS_URL must be an https:// URL: whoever can change the keys can sign tokens")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _missing(self) -> Iterator[str]:
        """Name what only ``dev`` may start without."""
        for name in ("database_url", "secret_key", "auth_issuer", "auth_audience"):
            if not _reveal(getattr(self, name)):
                yield name.upper()
        if self.events_publisher is Publisher.HTTP:
            unsigned = sorted(self.events_subscribers.keys() - self.events_secrets.keys())
            yield from (f"EVENTS_SECRETS for {name}" for name in unsigned)
        if self.events_publisher is Publisher.NATS and "events_nats_url" not in self.model_fields_set:
            yield "EVENTS_NATS_URL"

    @property
    def event_destinations(self) -> tuple[str, ...]:
        """Who is owed every event: the subscribers, or the one place that the publisher writes to."""
        return tuple(self.events_subscribers) if self.events_publisher is Publisher.HTTP else (self.events_publisher,)

    @cached_property
    def url(self) -> URL:
        """The database's URL with the asynchronous driver that the chassis uses."""
        given = self.database_url.get_secret_value()
        url = make_url(given or f"sqlite:///{self.var_dir / (project().name + '.db')}")
        return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _reveal(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
