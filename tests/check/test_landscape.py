"""L001, L003, L004: several services in one tree."""

import pytest

from tests.check.judging import found, places


def compose(**given: str) -> dict[str, str]:
    """Services that are built here, each with one address in its environment; `EXPOSE 8000` in each image."""
    lines = [f"  {name}:\n    build: {name}\n    environment: {{{value}}}\n" for name, value in given.items()]
    files = {f"{name}/Dockerfile": "FROM a:1\nEXPOSE 8000\n" for name in given}
    return {"compose.yaml": "services:\n" + "".join(lines), **files}


def manifest(name: str, address: str) -> str:
    """A Deployment that is given an address, and its Service on port 80."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{a: {name}}}}}\n"
        f"  template:\n    metadata: {{labels: {{a: {name}}}}}\n    spec:\n      containers:\n        - name: a\n          env:\n"
        f"            - {{name: OTHER_URL, value: '{address}'}}\n---\n"
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{a: {name}}}, ports: [{{port: 80}}]}}\n"
    )


def events(action: str, address: str, needed: str) -> str:
    """An AsyncAPI contract with one operation."""
    return (
        f"asyncapi: 3.0.0\nchannels:\n  c:\n    address: {address}\n    messages:\n      m:\n        payload:\n          required: [{needed}]\n"
        f"          properties: {{{needed}: {{type: string}}}}\noperations:\n  o:\n    action: {action}\n    channel: {{$ref: '#/channels/c'}}\n"
    )


VIOLATIONS = [
    ("L001", "two in compose", compose(cart="B_URL: 'http://stock:8000'", stock="C_URL: 'http://cart:8000'"), ["compose.yaml:4"]),
    ("L001", "three in a cluster", {"k.yaml": "---\n".join([manifest("a", "http://b"), manifest("b", "http://c"), manifest("c", "http://a")])}, ["k.yaml:12"]),
    ("L003", "another port", compose(cart="B_URL: 'http://stock:9000'", stock="A: b"), ["compose.yaml:4"]),
    ("L003", "nobody is called so", compose(cart="B_URL: 'http://warehouse:8000'"), ["compose.yaml:4"]),
    ("L003", "a Service's port", {"k.yaml": manifest("a", "http://b:8000") + "---\n" + manifest("b", "x")}, ["k.yaml:12"]),
    ("L004", "nobody publishes it", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.cancelled", "id")}, ["b/asyncapi.yaml:13"]),
    ("L004", "a field is missing", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.placed", "total")}, ["b/asyncapi.yaml:13"]),
]  # fmt: skip

LOOKALIKES = [
    ("L001", "a chain", compose(cart="B_URL: 'http://stock:8000'", stock="C_URL: 'http://prices:8000'", prices="A: b")),
    ("L001", "events go around", compose(cart="B_URL: 'nats://stock:8000'", stock="C_URL: 'nats://cart:8000'")),
    ("L003", "the port of the image", compose(cart="B_URL: 'http://stock:8000/v1'", stock="A: b")),
    ("L003", "out in the world", compose(cart="B_URL: 'https://api.example.com:8443/'")),
    ("L003", "the Service's port", {"k.yaml": manifest("a", "http://b.shop.svc:80") + "---\n" + manifest("b", "x")}),
    ("L004", "published by a neighbour", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.placed", "id")}),
    ("L004", "one service alone", {"b/asyncapi.yaml": events("receive", "order.placed", "id")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_what_violates_is_found_where_it_stands(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found, at its line, and nothing else is."""
    assert expected == places(rule, files)


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)
