"""Connected products: devices and what they measure.

Revision ID: 0102
Revises: 0101
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "devices",
        sa.Column("product", sa.String(length=100), nullable=False),
        sa.Column("serial_number", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("warranty_from", sa.Date(), nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("parts", DOCUMENT, nullable=False),
        sa.Column("credential_hash", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_devices_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["business_units.id"], name=op.f("fk_devices_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("credential_hash", name=op.f("uq_devices_credential_hash")),
        sa.UniqueConstraint("tenant", "product", "serial_number", name=op.f("uq_devices_tenant_product_serial_number")),
    )
    op.create_index(op.f("ix_devices_person_id"), "devices", ["person_id"])
    op.create_index(op.f("ix_devices_tenant_id"), "devices", ["tenant", "id"])
    op.create_index(op.f("ix_devices_unit_id"), "devices", ["unit_id"])
    for table in ("measurements", "latest_measurements"):
        history = table == "measurements"
        known_by = ("device_id", "metric", "time") if history else ("device_id", "metric")
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("device_id", sa.Uuid(), nullable=False),
            sa.Column("metric", sa.String(length=100), nullable=False),
            sa.Column("time", sa.DateTime(timezone=True), nullable=False),
            sa.Column("value", sa.Double(), nullable=False),
            *([sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False)] if history else []),
            sa.Column("tenant", sa.String(length=64), nullable=False),
            sa.ForeignKeyConstraint(
                ["device_id"], ["devices.id"], name=op.f(f"fk_{table}_device_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint(*known_by, name=op.f(f"uq_{table}_{'_'.join(known_by)}")),
        )
    op.create_index(op.f("ix_measurements_device_id_id"), "measurements", ["device_id", "id"])
    op.create_index(op.f("ix_measurements_expires_at"), "measurements", ["expires_at"])


def downgrade() -> None:
    """Drop the tables, the last one first."""
    for table in ("latest_measurements", "measurements", "devices"):
        op.drop_table(table)
