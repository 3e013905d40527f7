"""The unit that the buyer of an order named.

Revision ID: 0105
Revises: 0104
"""

import sqlalchemy as sa
from alembic import op

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of orders told until now nobody has kept it."""
    op.add_column("orders", sa.Column("named_unit_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("orders", "named_unit_id")
