"""Documents: nobody is told where they lie, and a link opens one of them for a short while."""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.clients import service_client
from tests.fixtures import Service
from tests.portal import ABSENT, company
from tests.senders import event, tell, trust
from tests.telling import document

from ..links import DocumentLinks


class _Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/portal/2026/11/invoice-1.pdf"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", "9" if found else "0")
        self.end_headers()
        self.wfile.write(b"%PDF-1.7 " if found else b"")

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def store() -> Iterator[str]:
    """Run a document store."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Store)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/portal/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def stocked(service: Service, store: str) -> AsyncIterator[Service]:
    """Give a service that has a document store."""
    trust(service)
    async with service_client(store) as client:
        service.app.state.document_store = client
        yield service


async def _published(service: Service, unit_id: str, **members: Any) -> str:
    about = document(unit_id, **members)
    assert (await tell(service, event("document.published", about))).status_code == 204
    return str(about["id"])


async def test_link_opens_the_document(stocked: Service) -> None:
    """Without a token, as a browser does; what comes is saved and not run."""
    works = await company(stocked)
    document_id = await _published(stocked, works.unit_id)
    shown = await works.admin.get(f"/v1/documents/{document_id}")
    link = (await works.admin.post(f"/v1/documents/{document_id}/links")).json()
    content = await stocked.anonymous.get(link["href"])
    head = await stocked.anonymous.head(link["href"])

    assert "invoice-1.pdf" not in shown.text
    assert (content.status_code, content.content) == (200, b"%PDF-1.7 ")
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''Rechnung%20K%C3%B6ln.pdf"
    assert (content.headers["x-content-type-options"], content.headers["cache-control"]) == ("nosniff", "no-store")
    assert (head.status_code, head.headers["content-disposition"]) == (200, content.headers["content-disposition"])
    assert timedelta(minutes=4) < datetime.fromisoformat(link["expires_at"]) - datetime.now(UTC) < timedelta(minutes=6)


async def test_useless_links_all_look_alike(stocked: Service) -> None:
    """Over, changed, of another house, of what was withdrawn, made up: the same answer."""
    works = await company(stocked)
    document_id, links = await _published(stocked, works.unit_id), stocked.app.state.document_links
    soon = datetime.now(UTC) + timedelta(minutes=1)
    good = links.make("", UUID(document_id), until=soon)
    tokens = [
        links.make("", UUID(document_id), until=datetime.now(UTC) - timedelta(seconds=2)),
        links.make("another", UUID(document_id), until=soon),
        links.make("", UUID(ABSENT), until=soon),
        DocumentLinks(b"another key").make("", UUID(document_id), until=soon),
        *(good[:n] + ("A" if good[n] != "A" else "B") + good[n + 1 :] for n in range(0, len(good), 7)),
        good[:-1],
        "x",
    ]
    answers = [await stocked.anonymous.get(f"/v1/document-contents/{token}") for token in tokens]
    opened = await stocked.anonymous.get(f"/v1/document-contents/{good}")
    withdrawn = event("document.withdrawn", document(works.unit_id, id=document_id), 2)
    assert (await tell(stocked, withdrawn)).status_code == 204
    answers.append(await stocked.anonymous.get(f"/v1/document-contents/{good}"))

    assert opened.status_code == 200
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (404, "There is no such document, or the link is over; ask for a new one.")
    }


async def test_only_those_who_see_it_get_a_link(stocked: Service) -> None:
    """A technician of the same firm does not, and another customer cannot tell that it is there."""
    works, others = await company(stocked), await company(stocked, "eve", name="Others")
    tom = await works.hire("tom", "technician")
    document_id = await _published(stocked, works.unit_id)
    answers = [await one.post(f"/v1/documents/{document_id}/links") for one in (tom, others.admin)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert (await others.admin.get("/v1/documents")).json() == {"items": []}


async def test_lost_document_and_lost_store_are_told_apart_from_none(stocked: Service) -> None:
    """The portal's own trouble is a 503, whoever asks."""
    works = await company(stocked)
    missing = await _published(stocked, works.unit_id, location="2026/gone.pdf")
    link = (await works.admin.post(f"/v1/documents/{missing}/links")).json()
    answers = [await stocked.anonymous.get(link["href"])]
    stocked.app.state.document_store = httpx.AsyncClient(base_url="http://127.0.0.1:1/", timeout=1)
    answers.append(await stocked.anonymous.get(link["href"]))
    await stocked.app.state.document_store.aclose()
    stocked.app.state.document_store = None
    answers.append(await stocked.anonymous.get(link["href"]))

    assert [answer.status_code for answer in answers] == [503, 503, 503]
