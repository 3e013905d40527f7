"""Orders are looked for by account.

Revision ID: 0113
Revises: 0112
"""

from alembic import op

revision = "0113"
down_revision = "0112"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_orders_tenant_account_id", "orders", ["tenant", "account", "id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_orders_tenant_account_id", table_name="orders")
