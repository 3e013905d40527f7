"""The application: everything put together, in the order in which a request meets it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import contract, cors, deferred, health, logs, problems, relay, revisions
from chassis.auth import Authenticator, TokenRules
from chassis.database import Database
from chassis.domain import Domain, load_domain
from chassis.guests import GuestTokens
from chassis.health import Health
from chassis.idempotency import InFlight
from chassis.keys import DevelopmentKeys, IssuerKeys, signing_key
from chassis.limits import LoadShedding, Places
from chassis.metrics import Metrics
from chassis.observation import Observation
from chassis.operation import operations
from chassis.project import project
from chassis.rate_limit import RateLimiter
from chassis.settings import Environment, Settings
from chassis.tracing import Tracing
from chassis.workers import running

# What is observed of requests is in chassis.observation.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def create_app(settings: Settings) -> FastAPI:
    """Build the application. Nothing is connected before it starts.

    :param settings: checked settings; read nothing from the environment here, so that tests can run many apps.
    """
    about, domain = project(), load_domain()
    logs.configure(settings.log_level, about.name)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(app.state.database.opened())
            await stack.enter_async_context(app.state.places.adjusted())
            await stack.enter_async_context(tracing.opened())
            app.state.signing_key = signing_key(settings)
            app.state.guest_tokens = GuestTokens(app.state.signing_key)
            app.state.authenticator = await _authenticator(settings, stack, app.state.guest_tokens, domain)
            if settings.environment is Environment.DEV:
                await _migrate(app.state.database.engine)
            if settings.relay_embedded:
                await stack.enter_async_context(relay.relaying(settings, app.state.database, metrics))
            if domain.lifespan is not None:
                await stack.enter_async_context(domain.lifespan(app))
            for worker in domain.workers:
                await stack.enter_async_context(running(worker, app.state.database))
            await stack.enter_async_context(running(settle, app.state.database))
            yield

    async def settle(_database: Database, stopping: asyncio.Event) -> None:
        await deferred.settle(app.routes, stopping)

    app = FastAPI(
        title=about.title,
        version=about.version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    metrics, tracing = Metrics(), Tracing()
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.database = Database(settings)
    app.state.rate_limiter = RateLimiter(limit=settings.rate_limit_requests, window=settings.rate_limit_seconds)
    app.state.places = Places(
        settings.concurrent_requests, patience=settings.queue_seconds, lines=app.state.database.lines
    )
    app.state.in_flight = InFlight()
    app.state.health = Health(app.state.database)
    metrics.watch_pool(app.state.database.engine, app.state.database.readers)
    for router in (health.router, *domain.routers):
        app.router.routes.extend(operations(router))
    problems.install(app)
    contract.install(app, about, domain)
    app.add_middleware(LoadShedding, places=app.state.places, seconds=settings.request_seconds, metrics=metrics)
    cors.install(app, settings.cors_origins)
    app.add_middleware(Observation, metrics=metrics, tracing=tracing)
    return app


async def _migrate(engine: AsyncEngine) -> None:
    if (await revisions.state(engine)).missing:
        from chassis import migrations  # noqa: PLC0415 - Alembic takes long to load, and is seldom needed here

        await migrations.upgrade(engine)


async def _authenticator(
    settings: Settings, stack: AsyncExitStack, guest_tokens: GuestTokens, domain: Domain
) -> Authenticator:
    keys: DevelopmentKeys | IssuerKeys
    if settings.auth_issuer:
        keys = IssuerKeys(issuer=settings.auth_issuer, audience=settings.auth_audience, jwks_url=settings.auth_jwks_url)
        stack.push_async_callback(keys.close)
    else:
        keys = DevelopmentKeys(settings.var_dir)
    return Authenticator(
        keys=keys,
        rules=TokenRules(
            algorithms=settings.auth_algorithms,
            leeway_seconds=settings.auth_leeway_seconds,
            tenant_claim=settings.auth_tenant_claim,
            only_tenant=None if domain.many_tenants else settings.auth_tenant,
        ),
        guest_tokens=guest_tokens,
        guest_scopes=domain.guest_scopes,
    )
