"""Notes, the example resource.

Revision ID: 0100
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = None
branch_labels = ("domain",)
depends_on = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "notes",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
    )
    op.create_index("ix_notes_tenant_owner_id", "notes", ["tenant", "owner", "id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("notes")
