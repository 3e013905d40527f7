"""Whether an account has rules or limits that ask for approvals.

Revision ID: 0103
Revises: 0102
"""

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

_RULES = """\
UPDATE accounts SET needs_approval = TRUE WHERE id IN (
    SELECT u.account_id FROM business_units u JOIN approval_rules r ON r.unit_id = u.id WHERE r.active
    UNION SELECT u.account_id FROM business_units u JOIN spending_limits l ON l.unit_id = u.id
)
"""


def upgrade() -> None:
    """Add the column, and say it of the accounts that are there."""
    op.add_column("accounts", sa.Column("needs_approval", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_RULES)


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("accounts", "needs_approval")
