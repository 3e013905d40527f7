"""The catalog's own settings, beside those of the chassis."""

from pydantic import Field

from chassis.settings import Settings


class CatalogSettings(Settings):
    """Every setting of the service. The name of the environment variable is the field's name in capitals."""

    search_memory_entries: int = Field(
        100_000, ge=0, description="entries that search may keep in memory; 0: the database answers every search"
    )
    import_lines_days: int = Field(90, ge=1, le=3650, description="how long what became of an import's lines is kept")
