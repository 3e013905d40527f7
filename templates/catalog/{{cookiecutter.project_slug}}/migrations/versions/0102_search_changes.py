"""Search in memory: the database notes which publications touchpoints see otherwise than before.

Revision ID: 0102
Revises: 0101
"""

from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

WATCHED = {"entries": ("INSERT", "UPDATE", "DELETE"), "listings": ("INSERT", "DELETE")}
"""Whatever is written with an entry of its publication needs no watching of its own."""

POSTGRESQL = (
    # As long as the name, in which each word stands as often as it has places.
    "ALTER TABLE search_texts ADD COLUMN name_length smallint NOT NULL DEFAULT 0",
    "UPDATE search_texts SET name_length = (SELECT least(999, coalesce(sum((length(lexeme) + 1)"
    " * cardinality(positions)), 1) - 1) FROM unnest(ts_filter(words, '{a}')))",
    "CREATE TABLE search_changes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, publication_id uuid,"
    " made_by xid8 NOT NULL DEFAULT pg_current_xact_id(),"
    " recorded_at double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()))",
    "CREATE INDEX search_changes_made_by ON search_changes (made_by)",
    "CREATE INDEX search_changes_recorded_at ON search_changes (recorded_at)",
    "CREATE FUNCTION search_note_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO search_changes (publication_id) SELECT DISTINCT publication_id FROM changed; RETURN NULL; END $$",
)
SQLITE = (
    "CREATE TABLE search_changes (id INTEGER PRIMARY KEY AUTOINCREMENT, publication_id CHAR(32),"
    " recorded_at REAL NOT NULL DEFAULT (strftime('%s', 'now') + 0.0))",
    "CREATE INDEX search_changes_recorded_at ON search_changes (recorded_at)",
)


def upgrade() -> None:
    """Create the table of changes, and the triggers that fill it."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRESQL if postgresql else SQLITE:
        op.execute(statement)
    for table, verbs in WATCHED.items():
        for verb in verbs:
            row = "OLD" if verb == "DELETE" else "NEW"
            head = f"CREATE TRIGGER search_{table}_{verb.lower()} AFTER {verb} ON {table}"
            if postgresql:
                body = f"REFERENCING {row} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_note_changes()"
            else:
                noting = "INSERT INTO search_changes (publication_id) VALUES"
                body = f"BEGIN {noting} ({row}.publication_id); END"
            op.execute(f"{head} {body}")


def downgrade() -> None:
    """Drop them."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, verbs in WATCHED.items():
        for verb in verbs:
            op.execute(f"DROP TRIGGER search_{table}_{verb.lower()}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION search_note_changes")
        op.execute("ALTER TABLE search_texts DROP COLUMN name_length")
    op.execute("DROP TABLE search_changes")
