"""What a cart was approved for, and which agreement it follows.

Revision ID: 0111
Revises: 0110
"""

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("customers", sa.Column("needs_approval", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("carts", sa.Column("approval_id", sa.Uuid(), nullable=True))
    op.add_column("carts", sa.Column("approval_state", sa.String(length=10), nullable=True))
    op.add_column("carts", sa.Column("approved_gross", sa.BigInteger(), nullable=True))
    op.add_column("carts", sa.Column("agreement_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    for name in ("agreement_id", "approved_gross", "approval_state", "approval_id"):
        op.drop_column("carts", name)
    op.drop_column("customers", "needs_approval")
