"""Every operation of the contract, as something that can be called: for tests that must forget none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import yaml

from chassis.project import ROOT

CONTRACT: Any = yaml.safe_load((ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
ABSENT = "0190a5e0-0000-7000-8000-000000000000"
"""An id that nothing has."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Call:
    """One operation of the contract."""

    method: str
    path: str
    operation: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the contract calls it."""
        return str(self.operation["operationId"])

    @property
    def parameters(self) -> list[str]:
        """The names of its path parameters."""
        return self._named("path")

    @property
    def filters(self) -> list[str]:
        """The names of its query parameters."""
        return self._named("query")

    def _named(self, place: str) -> list[str]:
        return [one["name"] for one in self.operation.get("parameters", []) if one["in"] == place]

    @property
    def scope(self) -> str:
        """The scope that it asks for, or nothing where it takes no token."""
        return next((scopes[0] for one in self.operation["security"] for scopes in one.values() if scopes), "")

    @property
    def media_type(self) -> str:
        """The media type of its body, if it has one."""
        return next(iter(self.operation.get("requestBody", {}).get("content", {})), "")

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of its body."""
        return resolved(self.operation["requestBody"]["content"][self.media_type]["schema"])

    async def send(
        self,
        client: httpx.AsyncClient,
        ids: Mapping[str, str],
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Call it with these ids in the path, and with a body that is well-formed if none is given."""
        headers = {"If-Match": "*", "Idempotency-Key": str(uuid4())}
        options: dict[str, Any] = {"headers": headers, "params": query}
        if self.media_type:
            headers["Content-Type"] = self.media_type
            options["json"] = example(self.schema) if body is None else body
        path = self.path.format(**{name: ids[name] for name in self.parameters})
        return await client.request(self.method, path, **options)


def calls() -> Iterator[Call]:
    """Yield every operation: reading first, so that what a later one might delete was looked at before."""
    for wanted in _METHODS:
        for path, operations in CONTRACT["paths"].items():
            if operation := operations.get(wanted.lower()):
                yield Call(wanted, path, operation)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema, or the one that it refers to."""
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return schema


def example(schema: dict[str, Any], *, whole: bool = False) -> Any:
    """Return a value that a schema allows, made of the examples that the contract gives.

    :param whole: with every member that it can have, and not only with those that it needs.
    """
    schema = resolved(schema)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], whole=whole)
    kind, members = schema.get("type"), schema.get("properties", {})
    if kind == "object" and members:
        needed = members if whole else schema.get("required", [])
        return {name: example(one, whole=whole) for name, one in members.items() if name in needed}
    if kind == "array":
        return [example(schema["items"], whole=whole)] * (1 if whole else schema.get("minItems", 0))
    if schema.get("format") == "uuid":
        return ABSENT
    return (schema.get("examples") or schema.get("enum") or [{"boolean": True, "integer": 1}.get(str(kind), "x")])[0]
