"""Changes of channels and types reach what is published piece by piece, and nothing is missing meanwhile."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from tests.catalog import PUMP_TYPE, delete, found, product, publish, put, replace, small_catalog, variant
from tests.fixtures import Service

from ...__main__ import main, order
from .. import entries, rebuild, timeline
from ..models import Entry, Rebuild

Work = Callable[[], Coroutine[None, None, bool]]
WEB = {"channel": "web"}


@pytest.fixture
async def work(service: Service, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Give a function that works off one piece, two publications long; nobody else does in the meantime."""
    mine = rebuild.work_off_next

    async def nothing(_database: object) -> bool:
        return False

    monkeypatch.setattr(rebuild, "work_off_next", nothing)
    monkeypatch.setattr(rebuild, "_PIECE", 2)
    monkeypatch.setattr(rebuild, "_OTHERS_NOTICE", timedelta(0))
    return lambda: mine(service.app.state.database)


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog with three published products."""
    await small_catalog(ann)
    for number in range(3):
        values = {"material": "steel", "approval": f"VDE-{number}"}
        prices = [{"amount": 100, "currency": "EUR"}, {"amount": 200, "currency": "CHF"}]
        one = variant(f"C{number}", attributes=values, list_prices=prices)
        await publish(ann, await put(ann, "products", product(f"c{number}", variants=[one])))
    return ann


async def _names(service: Service, locale: str) -> list[str]:
    view = WEB | {"locale": locale, "sort": "name"}
    return [
        each["name"] for each in (await service.anonymous.get("/v1/storefront/products", params=view)).json()["items"]
    ]


async def _everything(work: Work) -> None:
    while await work():
        pass


async def test_new_language_is_answered_when_all_is_written(
    service: Service, catalog: httpx.AsyncClient, work: Work
) -> None:
    """Until then touchpoints get the languages that there were; what is published meanwhile comes in both."""
    web = await found(catalog, "channels", "web")
    languages = [{"locale": "fr", "fallbacks": ["en"]}, {"locale": "de", "fallbacks": ["en"]}]
    assert (await replace(catalog, "channels", web, locales=languages)).status_code == 200
    assert await _names(service, "fr") == ["Pumpe c0", "Pumpe c1", "Pumpe c2"]
    assert await work()
    await publish(catalog, await put(catalog, "products", product("c3")))
    assert await _names(service, "fr") == ["Pumpe c0", "Pumpe c1", "Pumpe c2", "Pumpe c3"]
    assert await _names(service, "en") == ["Pump c0", "Pump c1", "Pump c2", "Pump c3"]
    await _everything(work)

    assert await _names(service, "fr") == ["Pump c0", "Pump c1", "Pump c2", "Pump c3"]
    assert await _names(service, "de") == ["Pumpe c0", "Pumpe c1", "Pumpe c2", "Pumpe c3"]
    async with service.app.state.database.reading() as session:
        of_web = select(Entry.locale, func.count()).where(Entry.channel == "web").group_by(Entry.locale)
        counts = {row[0]: row[1] for row in await session.execute(of_web)}
        assert await session.scalar(select(func.count()).select_from(Rebuild)) == 0
    assert counts == {"fr": 4, "de": 4}
    search = await service.anonymous.get("/v1/storefront/search", params=WEB | {"locale": "fr", "q": "c1"})
    assert [each["key"] for each in search.json()["items"]] == ["c1"]


async def test_cursor_stays_where_it_was(service: Service, catalog: httpx.AsyncClient, work: Work) -> None:
    """Who is on page two while the channel's currency changes goes on with page three."""
    parameters = WEB | {"locale": "en", "limit": "1"}
    first = (await service.anonymous.get("/v1/storefront/products", params=parameters)).json()
    web = await found(catalog, "channels", "web")
    await replace(catalog, "channels", web, currency="CHF")
    await _everything(work)
    second = await service.anonymous.get("/v1/storefront/products", params=parameters | {"cursor": first["next"]})

    assert first["items"][0]["list_price"] == {"amount": 100, "currency": "EUR"}
    assert [(each["key"], each["list_price"]) for each in second.json()["items"]] == [
        ("c1", {"amount": 200, "currency": "CHF"})
    ]


@pytest.mark.usefixtures("catalog")
async def test_all_is_written_anew_by_command(service: Service, work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    """After a release that shows products differently; a slip in a key orders nothing."""
    database = service.app.state.database
    async with database.transaction() as session:
        await session.execute(update(Entry).values(card=b"{}", body=b"{}"))
    settings = service.app.state.settings
    assert await order(settings, ["web", "nowhere"]) == ["web"]
    assert not await work()
    assert await order(settings, []) == ["till", "web"]
    await _everything(work)

    assert await _names(service, "en") == ["Pump c0", "Pump c1", "Pump c2"]
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "rebuild" in capsys.readouterr().out


async def test_last_change_counts(service: Service, catalog: httpx.AsyncClient, work: Work) -> None:
    """A second change overtakes a first one that is half done."""
    web = await found(catalog, "channels", "web")
    web = (await replace(catalog, "channels", web, locales=[{"locale": "fr", "fallbacks": ["en"]}])).json()
    assert await work()
    assert (await replace(catalog, "channels", web, locales=[{"locale": "en"}])).status_code == 200
    await _everything(work)

    assert await _names(service, "fr") == await _names(service, "en") == ["Pump c0", "Pump c1", "Pump c2"]
    assert (await found(catalog, "channels", "web"))["version"] == 3


async def test_withdrawn_while_it_is_written_does_not_come_back(
    service: Service, catalog: httpx.AsyncClient, work: Work
) -> None:
    """The worker writes what is live, and nothing else."""
    web = await found(catalog, "channels", "web")
    await replace(catalog, "channels", web, locales=[{"locale": "fr", "fallbacks": ["en"]}])
    assert await work()
    for key in ("c0", "c2"):
        made = await found(catalog, "products", key)
        shown = (await catalog.get(f"/v1/products/{made['id']}/publications")).json()["items"][0]
        path = f"/v1/products/{made['id']}/publications/{shown['id']}"
        assert (await catalog.delete(path, headers={"If-Match": "*"})).status_code == 204
    await _everything(work)

    assert await _names(service, "fr") == ["Pump c1"]


async def test_changed_type_shows_in_what_is_published(
    service: Service, catalog: httpx.AsyncClient, work: Work
) -> None:
    """New labels appear, and what became internal is gone, also from search and its facets."""
    pump = await found(catalog, "product-types", "pump")
    changes: dict[str, dict[str, Any]] = {
        "material": {"internal": True, "searchable": False, "required": False},
        "approval": {"label": {"en": "Certificate"}, "searchable": True},
    }
    attributes = [each | changes.get(each["name"], {}) for each in PUMP_TYPE["attributes"]]
    assert (await replace(catalog, "product-types", pump, attributes=attributes)).status_code == 200
    await _everything(work)
    get = service.anonymous.get
    shown = (await get("/v1/storefront/products/pump-c1", params=WEB | {"locale": "en"})).json()
    facets = (await get("/v1/storefront/search", params=WEB | {"locale": "en"})).json()["facets"]
    linked = await get("/v1/storefront/products/pump-c1", params=WEB, headers={"Accept": "application/ld+json"})

    assert [(each["name"], each["label"]) for each in shown["variants"][0]["attributes"]] == [
        ("approval", "Certificate")
    ]
    assert [facet["name"] for facet in facets] == ["approval"]
    assert "steel" not in linked.text.lower()
    assert (await get("/v1/storefront/search", params=WEB | {"locale": "en", "q": "steel"})).json()["total"] == 0
    assert (await get("/v1/storefront/search", params=WEB | {"locale": "en", "q": "vde"})).json()["total"] == 3


async def test_failing_order_holds_up_no_other(
    service: Service, catalog: httpx.AsyncClient, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays, and is done when what was wrong has been mended."""
    mended, fail = entries.rewrite, True

    async def rewrite(session: Any, live: Any, targets: Any) -> None:
        if fail and targets[0].channel.key == "web":
            raise ZeroDivisionError("a defect")
        await mended(session, live, targets)

    monkeypatch.setattr(rebuild, "rewrite", rewrite)
    monkeypatch.setattr(rebuild, "_AFTER_A_FAILURE", timedelta(hours=1))
    for key in ("web", "till"):
        channel = await found(catalog, "channels", key)
        assert (await replace(catalog, "channels", channel, currency="USD")).status_code == 200
    await _everything(work)
    async with service.app.state.database.transaction() as session:
        left = list(await session.scalars(select(Rebuild.key)))
        await session.execute(update(Rebuild).values(due_at=datetime.now(UTC)))
    fail = False
    await _everything(work)

    assert left == ["web"]
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Rebuild)) == 0


async def test_moved_site_reaches_those_who_have_a_copy(
    service: Service, catalog: httpx.AsyncClient, work: Work
) -> None:
    """Only the words of schema.org name the site; a search engine's copy of them is not fresh any more."""
    path, linked = "/v1/storefront/products/pump-c1", {"Accept": "application/ld+json"}
    english = WEB | {"locale": "en"}
    before = await service.anonymous.get(path, params=english, headers=linked)
    web = await found(catalog, "channels", "web")
    assert (await replace(catalog, "channels", web, site="https://new.example.com/p")).status_code == 200
    await _everything(work)
    copy = linked | {"If-None-Match": before.headers["etag"]}
    after = await service.anonymous.get(path, params=english, headers=copy)

    assert (before.json()["url"], after.status_code) == ("https://shop.example.com/p/pump-c1", 200)
    assert after.json()["url"] == "https://new.example.com/p/pump-c1"


async def test_channel_that_is_gone_leaves_nothing(service: Service, catalog: httpx.AsyncClient, work: Work) -> None:
    """A new one of the same key begins empty; products that were shown nowhere else are drafts again."""
    await delete(catalog, "assortments", await found(catalog, "assortments", "all"))
    only_web = await put(catalog, "products", product("only-web"))
    await publish(catalog, only_web, channels=["web"])
    web = await found(catalog, "channels", "web")
    draft = {name: web[name] for name in ("key", "name", "currency", "locales")}
    assert (await delete(catalog, "channels", web)).status_code == 204
    assert (await service.anonymous.get("/v1/storefront/products", params=WEB)).status_code == 404
    early = await catalog.post("/v1/channels", json=draft)
    await _everything(work)
    await put(catalog, "channels", draft)
    await put(catalog, "assortments", {"key": "all", "name": {"en": "All"}, "channels": ["web"], "everything": True})

    assert (early.status_code, early.json()["type"]) == (409, "urn:problem-type:still-clearing")
    assert await _names(service, "en") == []
    states = {key: (await found(catalog, "products", key))["state"] for key in ("c0", "only-web")}
    assert states == {"c0": "published", "only-web": "draft"}


async def test_what_is_over_is_closed(
    service: Service, catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its time is over a product is a draft again, its SKU is free, and the company learns of it."""
    end = datetime.now(UTC) + timedelta(days=1)
    made = await put(catalog, "products", product("c9"))
    await publish(catalog, made, valid_until=end.isoformat())
    until_then = (await found(catalog, "products", "c9"))["state"]
    monkeypatch.setattr(timeline, "now", lambda: end)
    async with service.app.state.database.transaction() as session:
        assert await timeline.lapse(session, 10)
        assert not await timeline.lapse(session, 10)
    over = await found(catalog, "products", "c9")

    assert (until_then, over["state"], over["published_version"]) == ("published", "draft", None)
    assert (await catalog.get(f"/v1/products/{made['id']}/publications")).json()["items"][0]["ended"] is True
    assert (await delete(catalog, "products", over)).status_code == 204


async def test_what_is_over_in_one_channel_goes_on_in_another(
    service: Service, catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks at it again and again."""
    made = await found(catalog, "products", "c0")
    await publish(catalog, made, channels=["web"])
    monkeypatch.setattr(timeline, "now", lambda: datetime.now(UTC) + timedelta(seconds=1))
    async with service.app.state.database.transaction() as session:
        await timeline.lapse(session, 10)
        assert not await timeline.lapse(session, 10)
    listed = (await catalog.get(f"/v1/products/{made['id']}/publications")).json()["items"]

    assert [each["ended"] for each in listed] == [False, False]
    assert (await found(catalog, "products", "c0"))["state"] == "published"
