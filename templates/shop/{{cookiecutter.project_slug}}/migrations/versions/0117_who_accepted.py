"""Who accepted the quotes that are ordered by.

Revision ID: 0117
Revises: 0116
"""

import sqlalchemy as sa
from alembic import op

revision = "0117"
down_revision = "0116"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of what was agreed before, only the account is known."""
    op.add_column("agreements", sa.Column("buyer", sa.String(length=255), nullable=True))
    op.add_column("agreements", sa.Column("person", sa.Uuid(), nullable=True))
    op.create_index("ix_agreements_person", "agreements", ["person"])


def downgrade() -> None:
    """Drop the columns."""
    op.drop_index("ix_agreements_person", table_name="agreements")
    op.drop_column("agreements", "person")
    op.drop_column("agreements", "buyer")
