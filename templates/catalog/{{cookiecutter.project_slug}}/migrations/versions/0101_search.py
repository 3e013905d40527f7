"""The search index: what each database has for it.

Revision ID: 0101
Revises: 0100
"""

from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

POSTGRESQL = (
    # A trusted extension: the database's owner may create it (PostgreSQL 13 and newer).
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE TABLE search_texts (entry_id bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX search_texts_words ON search_texts USING gin (words)",
    "CREATE TABLE search_words (word text PRIMARY KEY)",
    "CREATE INDEX search_words_trigrams ON search_words USING gin (word gin_trgm_ops)",
)
SQLITE = (
    "CREATE VIRTUAL TABLE search_texts USING fts5 (name, words, description, tokenize = 'unicode61', prefix = '2 3')",
    "CREATE TABLE search_words (word TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE search_grams USING fts5 (word, tokenize = 'trigram')",
)


def upgrade() -> None:
    """Create the index, and what makes counting cheap: all that it takes is in these two."""
    op.create_index(
        "ix_entries_channel_locale_publication_id",
        "entries",
        ["channel", "locale", "publication_id"],
        unique=False,
        postgresql_include=["visible_from", "visible_until", "id"],
    )
    op.create_index(
        "ix_listings_channel_publication_id",
        "listings",
        ["channel", "publication_id"],
        unique=False,
        postgresql_include=["visible_from", "visible_until"],
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_listings_channel_publication_id", "listings")
    op.drop_index("ix_entries_channel_locale_publication_id", "entries")
    for table in ("search_words", "search_texts"):
        op.execute(f"DROP TABLE {table}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_grams")
