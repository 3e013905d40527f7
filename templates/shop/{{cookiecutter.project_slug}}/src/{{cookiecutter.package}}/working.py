"""The shop at work: what runs for as long as the app serves, beside the requests."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.workers import Step, repeating, running

from .carts.worker import note_abandoned
from .orders.service import cancel_unpaid
from .payments.sandbox import SandboxProvider
from .payments.settlement import receive, work_off_next
from .ports import Ports, plugged
from .settings import ShopSettings
from .stock.service import release_expired


@asynccontextmanager
async def open_for_business(app: FastAPI) -> AsyncIterator[None]:
    """Open the ports and let the workers run, until the app stops serving."""
    settings: ShopSettings = app.state.settings
    database: Database = app.state.database
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(plugged(app))
        for name, step, seconds in _steps(settings, ports):
            await stack.enter_async_context(running(repeating(name, step, idle_seconds=seconds), database))
        yield


def _steps(settings: ShopSettings, ports: Ports) -> Iterator[tuple[str, Step, float]]:
    """Yield what is to be done again and again, and how long to wait when there was nothing to do."""
    yield "abandoned carts", partial(note_abandoned, hours=settings.cart_abandoned_hours), 30.0
    yield "expired reservations", release_expired, 1.0
    yield "unpaid orders", cancel_unpaid, 1.0
    provider = ports.payments
    if provider is not None:
        pause = settings.payment_poll_seconds
        step = partial(work_off_next, provider=provider, seconds=settings.payment_unknown_seconds)
        yield "payment requests", step, pause
        if isinstance(provider, SandboxProvider):
            yield "sandbox webhooks", partial(_tell, provider), pause


async def _tell(provider: SandboxProvider, _database: Database) -> bool:
    async def take(session: AsyncSession, headers: Mapping[str, str], body: bytes) -> None:
        await receive(session, provider, headers, body)

    return await provider.tell_next(take)
