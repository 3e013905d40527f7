"""What the tests of imports begin with."""

import httpx
import pytest

from tests.catalog import small_catalog


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog."""
    await small_catalog(ann)
    return ann
