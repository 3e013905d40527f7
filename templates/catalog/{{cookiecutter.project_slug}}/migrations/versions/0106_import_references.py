"""A line that would change nothing but for products that are not there yet is kept, to be read again at the end.

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
    """Give what is waited for the line that waits for it."""
    with op.batch_alter_table("import_references") as references:
        references.add_column(sa.Column("said", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Forget the lines."""
    with op.batch_alter_table("import_references") as references:
        references.drop_column("said")
