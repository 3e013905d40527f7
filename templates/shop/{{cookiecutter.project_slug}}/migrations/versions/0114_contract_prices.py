"""Contract prices, and discounts on whole carts.

Revision ID: 0114
Revises: 0113
"""

import sqlalchemy as sa
from alembic import op

revision = "0114"
down_revision = "0113"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("price_lists", sa.Column("customer", sa.String(length=255), nullable=True))
    op.add_column("price_lists", sa.Column("discountable", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("discounts", sa.Column("level", sa.String(length=4), server_default="line", nullable=False))
    op.add_column("discounts", sa.Column("minimum_value", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("discounts", "minimum_value")
    op.drop_column("discounts", "level")
    op.drop_column("price_lists", "discountable")
    op.drop_column("price_lists", "customer")
