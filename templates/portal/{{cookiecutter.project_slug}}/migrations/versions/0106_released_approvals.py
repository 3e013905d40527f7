"""Since when what was approved counts towards no limit any more.

Revision ID: 0106
Revises: 0105
"""

import sqlalchemy as sa
from alembic import op

revision = "0106"
down_revision = "0105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was approved until now goes on counting until its period is over."""
    op.add_column("approval_requests", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("approval_requests", "released_at")
