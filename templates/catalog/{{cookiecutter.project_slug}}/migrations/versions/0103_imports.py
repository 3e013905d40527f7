"""Imports that fail are given up, and what became of their lines is not kept for ever.

Revision ID: 0103
Revises: 0102
"""

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What became of the lines of imports that have ended already stays."""
    with op.batch_alter_table("imports") as table:
        table.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("failure", sa.String(length=300), nullable=True))
        table.add_column(sa.Column("lines_days", sa.Integer(), nullable=False, server_default="90"))
        table.add_column(sa.Column("lines_kept_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("imports") as table:
        for name in ("lines_kept_until", "lines_days", "failure", "due_at", "attempts"):
            table.drop_column(name)
