"""Words that an import has just brought are found through the index, and not by looking at every word there is.

Revision ID: 0104
Revises: 0103
"""

from alembic import op

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write new words into the index at once: waiting ones make PostgreSQL do without it until the next vacuum."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX search_words_trigrams SET (fastupdate = off)")
        op.execute("SELECT gin_clean_pending_list('search_words_trigrams')")


def downgrade() -> None:
    """Let new words wait."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX search_words_trigrams RESET (fastupdate)")
