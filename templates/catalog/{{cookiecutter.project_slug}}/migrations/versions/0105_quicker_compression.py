"""Large values are compressed with LZ4 where PostgreSQL has it, for a fraction of the processor that pglz takes.

Revision ID: 0105
Revises: 0104
"""

from alembic import op

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None

_LARGE = {
    "import_pieces": ("data",),
    "products": ("document",),
    "publications": ("document",),
    "entries": ("body", "linked_data", "card"),
}


def upgrade() -> None:
    """Compress what is written from now on with LZ4. What is stored already is read as before.

    PostgreSQL has it since version 14, unless it was built without.
    """
    _compress("lz4")


def downgrade() -> None:
    """Compress as the server does by default."""
    _compress("default")


def _compress(method: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in _LARGE.items():
        changes = ", ".join(f"ALTER COLUMN {column} SET COMPRESSION {method}" for column in columns)
        op.execute(
            f"DO $$ BEGIN EXECUTE 'ALTER TABLE {table} {changes}';"
            " EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$"
        )
