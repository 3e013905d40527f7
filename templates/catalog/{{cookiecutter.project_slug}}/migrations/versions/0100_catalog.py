"""The catalog's tables.

Revision ID: 0100
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0100"
down_revision = None
branch_labels = ("domain",)
depends_on = "0001"

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "assortments",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("name", DOCUMENT, nullable=False),
        sa.Column("channels", DOCUMENT, nullable=False),
        sa.Column("everything", sa.Boolean(), nullable=False),
        sa.Column("categories", DOCUMENT, nullable=False),
        sa.Column("products", DOCUMENT, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assortments")),
        sa.UniqueConstraint("key", name=op.f("uq_assortments_key")),
    )
    op.create_table(
        "categories",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("parent", sa.String(length=100), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", DOCUMENT, nullable=False),
        sa.Column("slug", DOCUMENT, nullable=False),
        sa.Column("description", DOCUMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["categories.key"], name=op.f("fk_categories_parent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("key", name=op.f("uq_categories_key")),
    )
    op.create_index("ix_categories_parent", "categories", ["parent"], unique=False)

    op.create_table(
        "channels",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("name", DOCUMENT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locales", DOCUMENT, nullable=False),
        sa.Column("live_locales", DOCUMENT, nullable=False),
        sa.Column("traits", DOCUMENT, nullable=False),
        sa.Column("site", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("key", name=op.f("uq_channels_key")),
    )
    op.create_table(
        "imports",
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("publish", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_state_id", "imports", ["state", "id"], unique=False)

    op.create_table(
        "product_types",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("name", DOCUMENT, nullable=False),
        sa.Column("attributes", DOCUMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_types")),
        sa.UniqueConstraint("key", name=op.f("uq_product_types_key")),
    )
    op.create_table(
        "category_paths",
        sa.Column("ancestor", sa.String(length=100), nullable=False),
        sa.Column("descendant", sa.String(length=100), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ancestor"], ["categories.key"], name=op.f("fk_category_paths_ancestor"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["descendant"], ["categories.key"], name=op.f("fk_category_paths_descendant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ancestor", "descendant", name=op.f("pk_category_paths")),
    )
    op.create_index("ix_category_paths_descendant_depth", "category_paths", ["descendant", "depth"], unique=False)

    op.create_table(
        "category_slugs",
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_category_slugs_category_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("locale", "slug", name=op.f("pk_category_slugs")),
    )
    op.create_index("ix_category_slugs_category_id", "category_slugs", ["category_id"], unique=False)

    op.create_table(
        "import_lines",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_lines_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_lines")),
    )
    op.create_index(
        "ix_import_lines_import_id_outcome_line", "import_lines", ["import_id", "outcome", "line"], unique=False
    )

    op.create_table(
        "import_pieces",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_pieces_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_import_pieces")),
    )
    op.create_table(
        "import_references",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_references_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "line", "target", name=op.f("pk_import_references")),
    )
    op.create_index("ix_import_references_import_id_target", "import_references", ["import_id", "target"], unique=False)

    op.create_table(
        "products",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("product_type", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("published_version", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_type"], ["product_types.key"], name=op.f("fk_products_product_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("key", name=op.f("uq_products_key")),
    )
    op.create_index("ix_products_product_type_id", "products", ["product_type", "id"], unique=False)
    op.create_index("ix_products_state_id", "products", ["state", "id"], unique=False)

    op.create_table(
        "product_categories",
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["categories.key"], name=op.f("fk_product_categories_category")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_categories_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("category", "product_id", name=op.f("pk_product_categories")),
    )
    op.create_index("ix_product_categories_product_id", "product_categories", ["product_id"], unique=False)

    op.create_table(
        "product_claims",
        sa.Column("namespace", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_claims_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("namespace", "value", name=op.f("pk_product_claims")),
    )
    op.create_index("ix_product_claims_product_id", "product_claims", ["product_id"], unique=False)

    op.create_table(
        "product_references",
        sa.Column("target", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_references_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("target", "key", "product_id", name=op.f("pk_product_references")),
    )
    op.create_index("ix_product_references_product_id", "product_references", ["product_id"], unique=False)

    op.create_table(
        "publications",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=False),
        sa.Column("product_version", sa.Integer(), nullable=False),
        sa.Column("channels", DOCUMENT, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_publications_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
    )
    op.create_index("ix_publications_product_ended", "publications", ["product", "ended"], unique=False)
    op.create_index("ix_publications_product_id", "publications", ["product_id"], unique=False)

    op.create_table(
        "source_versions",
        sa.Column("system", sa.String(length=50), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_source_versions_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("system", "reference", name=op.f("pk_source_versions")),
    )
    op.create_index("ix_source_versions_product_id", "source_versions", ["product_id"], unique=False)

    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("visible_from", sa.BigInteger(), nullable=False),
        sa.Column("visible_until", sa.BigInteger(), nullable=False),
        sa.Column("newness", sa.BigInteger(), nullable=False),
        sa.Column("sort_name", sa.String(length=40), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("price_descending", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("linked_data", sa.LargeBinary(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_entries_publication_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    op.create_index(
        "ix_entries_channel_locale_newness_id", "entries", ["channel", "locale", "newness", "id"], unique=False
    )
    op.create_index(
        "ix_entries_channel_locale_price_descending_id",
        "entries",
        ["channel", "locale", "price_descending", "id"],
        unique=False,
    )
    op.create_index("ix_entries_channel_locale_price_id", "entries", ["channel", "locale", "price", "id"], unique=False)
    op.create_index(
        "ix_entries_channel_locale_product_id", "entries", ["channel", "locale", "product_id"], unique=False
    )
    op.create_index("ix_entries_channel_locale_slug", "entries", ["channel", "locale", "slug"], unique=False)
    op.create_index(
        "ix_entries_channel_locale_sort_name_id", "entries", ["channel", "locale", "sort_name", "id"], unique=False
    )
    op.create_index("ix_entries_product", "entries", ["product"], unique=False)
    op.create_index(
        "ix_entries_publication_id_channel_locale", "entries", ["publication_id", "channel", "locale"], unique=True
    )
    op.create_index("ix_entries_visible_until", "entries", ["visible_until"], unique=False)

    op.create_table(
        "listings",
        sa.Column("assortment_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("visible_from", sa.BigInteger(), nullable=False),
        sa.Column("visible_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assortment_id"], ["assortments.id"], name=op.f("fk_listings_assortment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_listings_publication_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("assortment_id", "channel", "publication_id", name=op.f("pk_listings")),
    )
    op.create_index("ix_listings_publication_id_channel", "listings", ["publication_id", "channel"], unique=False)

    op.create_table(
        "publication_categories",
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["categories.key"], name=op.f("fk_publication_categories_category")),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_publication_categories_publication_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("category", "publication_id", name=op.f("pk_publication_categories")),
    )
    op.create_index(
        "ix_publication_categories_publication_id", "publication_categories", ["publication_id"], unique=False
    )

    op.create_table(
        "publication_references",
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_publication_references_publication_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("publication_id", "relation", "position", name=op.f("pk_publication_references")),
    )
    op.create_table(
        "rebuilds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Uuid(), nullable=True),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebuilds")),
    )
    op.create_index("ix_rebuilds_kind_key", "rebuilds", ["kind", "key"], unique=False)

    op.create_table(
        "terms",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_terms_publication_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", "value", "publication_id", name=op.f("pk_terms")),
    )
    op.create_index(
        "ix_terms_publication_id", "terms", ["publication_id"], unique=False, postgresql_include=["name", "value"]
    )


def downgrade() -> None:
    """Drop the tables, the last one first."""
    op.drop_table("terms")
    op.drop_table("rebuilds")
    op.drop_table("publication_references")
    op.drop_table("publication_categories")
    op.drop_table("listings")
    op.drop_table("entries")
    op.drop_table("source_versions")
    op.drop_table("publications")
    op.drop_table("product_references")
    op.drop_table("product_claims")
    op.drop_table("product_categories")
    op.drop_table("products")
    op.drop_table("import_references")
    op.drop_table("import_pieces")
    op.drop_table("import_lines")
    op.drop_table("category_slugs")
    op.drop_table("category_paths")
    op.drop_table("product_types")
    op.drop_table("imports")
    op.drop_table("channels")
    op.drop_table("categories")
    op.drop_table("assortments")
