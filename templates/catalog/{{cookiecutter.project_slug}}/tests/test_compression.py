"""What PostgreSQL stores of files and documents is compressed in the quick way, where it has that."""

import pytest
from sqlalchemy import text

from tests.events import connected
from tests.fixtures import SettingsFor

LARGE = {
    ("entries", "body"),
    ("entries", "card"),
    ("entries", "linked_data"),
    ("import_pieces", "data"),
    ("products", "document"),
    ("publications", "document"),
}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_large_values_are_compressed_with_lz4(database_url: str, settings_for: SettingsFor) -> None:
    """The migration passes over a server that was built without LZ4, so somebody has to see that it does not always."""
    can = text("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
    columns = text(
        "SELECT CAST(CAST(attrelid AS regclass) AS text), attname FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid WHERE attcompression = 'l' AND relkind = 'r'"
    )
    async with connected(settings_for(database_url)) as database, database.reading() as session:
        if not await session.scalar(can):
            pytest.skip("this PostgreSQL has no LZ4")
        found = {(table, column) for table, column in await session.execute(columns)}

    assert found == LARGE
