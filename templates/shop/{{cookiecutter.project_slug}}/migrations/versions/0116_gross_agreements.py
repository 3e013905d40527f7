"""Agreements whose prices are gross.

Revision ID: 0116
Revises: 0115
"""

import sqlalchemy as sa
from alembic import op

revision = "0116"
down_revision = "0115"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; until now every agreement was before tax."""
    op.add_column(
        "agreements", sa.Column("prices_include_tax", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("agreements", "prices_include_tax")
