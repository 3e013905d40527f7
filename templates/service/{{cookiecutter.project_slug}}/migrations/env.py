"""How Alembic reaches the database: over the connection that :mod:`chassis.migrations` hands in, or its own."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from chassis import idempotency, inbox, outbox  # noqa: F401 - importing them declares their tables
from chassis.database import Base, Database
from chassis.domain import load_domain
from chassis.settings import Settings

load_domain()  # importing the domain declares its tables


def is_compared(name: str | None, kind: str, _parents: object) -> bool:
    """Tell whether models and database must agree on something.

    Search indexes (``search_...``) are made of what each database has for that; no model describes them.
    """
    return not (kind in ("table", "index") and name is not None and name.startswith("search_"))


def migrate(connection: Connection) -> None:
    """Run what was asked for on this connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite changes a table by writing it anew
        compare_type=True,
        compare_server_default=True,
        include_name=is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    """Serve the ``alembic`` command, such as ``alembic revision --autogenerate``."""
    database = Database(Settings())
    async with database.engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await database.close()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect_and_migrate())
else:
    migrate(given)
