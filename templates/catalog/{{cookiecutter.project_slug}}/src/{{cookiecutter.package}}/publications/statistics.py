"""What PostgreSQL knows of the tables that touchpoints read, kept true while these grow in leaps.

Autovacuum looks once a minute, and a mass import is over before that: until then PostgreSQL takes a thousandth of a
table for what has to be read of it, and reads all of it. SQLite plans by rules of its own and needs none of this.
"""

from sqlalchemy import text

from chassis.database import Database

_TABLES = (
    "entries",
    "listings",
    "publication_categories",
    "publication_references",
    "search_changes",
    "search_texts",
    "search_words",
    "terms",
)
_FEW = 500
"""A table with fewer rows is read quickly, however it is done."""

# More has changed since the last look than there was then. Only a table's owner may have it looked at; anybody else's
# wish would be a warning in PostgreSQL's log, and autovacuum will do it.
_STALE = text(
    "SELECT c.relname FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid"
    " WHERE c.relname = ANY(:names) AND pg_table_is_visible(c.oid) AND pg_has_role(c.relowner, 'USAGE')"
    " AND s.n_mod_since_analyze > greatest(c.reltuples, :few) ORDER BY c.relname"
)
# A tenth of the usual sample tells what matters here, and takes milliseconds.
_ROUGHLY = text("SELECT set_config('default_statistics_target', '10', true)")


async def refresh(database: Database) -> list[str]:
    """Have PostgreSQL look at what has doubled, unless somebody else has it do so just now.

    :returns: the tables.
    """
    if database.is_sqlite:
        return []
    async with database.reading() as session:
        stale = list(await session.scalars(_STALE, {"names": list(_TABLES), "few": _FEW}))
    for table in stale:
        async with database.transaction() as session:
            await session.execute(_ROUGHLY)
            await session.execute(text(f"ANALYZE (SKIP_LOCKED) {table}"))
    return stale
