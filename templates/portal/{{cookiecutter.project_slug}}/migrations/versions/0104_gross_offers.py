"""Offers whose prices are gross.

Revision ID: 0104
Revises: 0103
"""

import sqlalchemy as sa
from alembic import op

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; until now every offer was before tax."""
    op.add_column("offers", sa.Column("prices_include_tax", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("offers", "prices_include_tax")
