"""Quotes that accounts have accepted, and the orders that follow them.

Revision ID: 0112
Revises: 0111
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0112"
down_revision = "0111"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create the table, and the column that refers to it."""
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("business_unit", sa.String(length=100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", DOCUMENT, nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_index("ix_agreements_order_id", "agreements", ["order_id"], unique=False)
    op.add_column("orders", sa.Column("agreement_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("orders", "agreement_id")
    op.drop_table("agreements")
