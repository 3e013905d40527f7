"""Which SQL a request costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event

from chassis.database import Database
from tests.fixtures import Service

# Workers run beside a request, in contexts of their own: what they send is not what the request costs.
_sent: ContextVar[list[str] | None] = ContextVar("sent", default=None)


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """Collect the statements that requests of the block send to the database, without their parameters."""
    database: Database = service.app.state.database
    engine = database.engine.sync_engine
    sent: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _sent.get() is sent:
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", remember)
    token = _sent.set(sent)
    try:
        yield sent
    finally:
        _sent.reset(token)
        event.remove(engine, "before_cursor_execute", remember)
