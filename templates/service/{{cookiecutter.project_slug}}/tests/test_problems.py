"""Every error is a problem document (RFC 9457), whoever makes it."""

import json
from typing import Annotated, Literal

import httpx
import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from chassis.problems import FieldError, Problem, invalid, render
from chassis.values import Key
from tests import example
from tests.fixtures import Service

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "kind"),
    [
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("DELETE", example.COLLECTION, {}, 405, "method-not-allowed"),
        ("POST", example.COLLECTION, {"content": b"title=x"}, 415, "unsupported-media-type"),
        ("PATCH", example.ABSENT, {"json": {}}, 415, "unsupported-media-type"),
        (
            "POST",
            example.COLLECTION,
            {"content": b"{", "headers": JSON},
            400,
            "malformed-json",
        ),
        ("POST", example.COLLECTION, {"json": {}}, 422, "invalid-request"),
        ("GET", f"{example.COLLECTION}?limit=0", {}, 422, "invalid-request"),
        ("GET", f"{example.COLLECTION}/not-an-id", {}, 422, "invalid-request"),
        ("GET", example.ABSENT, {}, 404, "not-found"),
        ("DELETE", example.ABSENT, {}, 428, "precondition-required"),
    ],
    ids=lambda value: str(value) if isinstance(value, str | int) else "",
)
async def test_error_is_a_problem_document(
    ann: httpx.AsyncClient, method: str, path: str, options: dict[str, object], status: int, kind: str
) -> None:
    """The document has every member and names the request in the logs."""
    response = await ann.request(method, path, **options)  # type: ignore[arg-type] # table of different options

    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    document = response.json()
    assert document["type"] == f"urn:problem-type:{kind}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["instance"] == path.partition("?")[0]
    assert document["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("status", "title"), [(404, "Not Found"), (413, "Content Too Large"), (422, "Unprocessable Content")]
)
def test_titles_are_those_of_rfc_9110(status: int, title: str) -> None:
    """On every Python: 3.13 says of some statuses something else than 3.12."""
    response = render(Problem(status, ""), path="/", request_id="r1")

    assert json.loads(bytes(response.body))["title"] == title


async def test_validation_names_every_place(ann: httpx.AsyncClient) -> None:
    """Each mistake in the body has its JSON Pointer."""
    response = await ann.post(example.COLLECTION, json={**example.draft(""), example.FLAG: "perhaps", "nonsense": 1})

    assert [error["pointer"] for error in response.json()["errors"]] == [
        f"/{name}" for name in (example.TEXT, example.FLAG, "nonsense")
    ]


async def test_validation_names_the_parameter(ann: httpx.AsyncClient) -> None:
    """A mistake outside the body names the parameter."""
    response = await ann.get(example.COLLECTION, params={"limit": 101})

    assert response.json()["errors"] == [{"parameter": "limit", "detail": "Input should be less than or equal to 100"}]


def test_validation_says_in_words_what_a_pattern_takes() -> None:
    """Whoever has typed a key with spaces into a form is told what a key is, and not shown a pattern."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Key).validate_python("Web Shop")
    problem = invalid(refused.value.errors(), prefix=("body", "key"))

    words = "takes at most 100 lower-case letters (a to z) and digits, with a single `-`, `_` or `.` between them"
    assert problem.errors == [FieldError(pointer="/key", parameter=None, detail=words)]


class _Circle(BaseModel):
    kind: Literal["circle"]
    radius: int


class _Square(BaseModel):
    kind: Literal["square"]
    side: int


class _Drawing(BaseModel):
    shapes: list[Annotated[_Circle | _Square, Field(discriminator="kind")]]
    names: dict[Key, str] = {}


def test_pointer_leads_to_what_is_wrong_in_the_body() -> None:
    """Neither the member of a union that was tried nor the remark that a name is wrong is a part of the body."""
    body = {"shapes": [{"kind": "circle", "radius": "x"}, {"kind": "square"}], "names": {"A B": "a"}}
    with pytest.raises(ValidationError) as refused:
        _Drawing.model_validate(body)
    problem = invalid(refused.value.errors(), prefix=("body",), body=body)

    assert [error.pointer for error in problem.errors] == ["/shapes/0/radius", "/shapes/1/side", "/names/A B"]


async def test_query_without_nul(ann: httpx.AsyncClient) -> None:
    """No text in PostgreSQL may hold U+0000, and a caller's slip is not the service's defect."""
    response = await ann.get(f"{example.COLLECTION}?cursor=a%00b")

    assert response.status_code == 422
    assert response.json()["errors"] == [{"parameter": "cursor", "detail": "holds the character U+0000"}]


async def test_method_not_allowed_names_the_allowed_ones(ann: httpx.AsyncClient) -> None:
    """RFC 9110, section 15.5.6 asks for ``Allow``."""
    response = await ann.request("DELETE", example.COLLECTION)

    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_unexpected_error_tells_nothing(
    service: Service, ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A defect is a 500 that keeps its details to the log."""

    def fail(*_arguments: object) -> None:
        raise RuntimeError("SELECT password FROM users")

    monkeypatch.setattr(service.app.state.database, "reading", fail)
    response = await ann.get(example.COLLECTION)

    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "password" not in response.text
    assert "RuntimeError" not in response.text
    assert "SELECT password FROM users" in capsys.readouterr().out
