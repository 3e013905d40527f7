"""Compose files: their services, what they build and what they run (compose-spec.io)."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from machgen.check.dockerfile import fill
from machgen.check.document import Map, dig
from machgen.check.facts import Facts, join, parent, place
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place

_NAME = lazy_compile(r"(?:\A|/)(?:docker-)?compose(?:[._-][A-Za-z0-9_.-]+)?\.ya?ml\Z", re.IGNORECASE)
_BESIDES = lazy_compile(
    r"compose[._-](?:dev|develop|development|override|local|test|tests|ci|e2e|debug)\b", re.IGNORECASE
)


class ComposeService(NamedTuple):
    """One service of a compose file.

    Args:
        path: The compose file.
        name: The service's name.
        node: The service.
        development: Whether the file is a variant for development or tests.
        context: The repository path that its image is built from; None where it is not built or built from elsewhere.
        dockerfile: The repository path of its container file; None as above.
        variables: What the `.env` beside the compose file says.
    """

    path: str
    name: str
    node: Map
    development: bool
    context: str | None
    dockerfile: str | None
    variables: Mapping[str, str] = MappingProxyType({})

    def at(self, key: str | None = None) -> Place:
        """The place of a key of the service."""
        return place(self.path, self.node, key)

    @property
    def environment(self) -> dict[str, tuple[str | None, Place]]:
        """What it sets in the environment; None for a value that is passed on."""
        given = self.node.get("environment")
        if isinstance(given, Map):
            return {
                key: (None if value is None else str(value), place(self.path, given, key))
                for key, value in given.items()
            }
        found: dict[str, tuple[str | None, Place]] = {}
        for index, item in enumerate(given if isinstance(given, list) else ()):
            key, equals, value = str(item).partition("=")
            found[key] = (value if equals else None, place(self.path, given, index))
        return found

    @property
    def filled(self) -> dict[str, tuple[str | None, Place]]:
        """Its environment with the variables of `.env` filled in, as Compose does it."""
        known = dict(self.variables)
        return {
            name: (known.get(name) if value is None else fill(value, known), at)
            for name, (value, at) in self.environment.items()
        }


def compose_files(facts: Facts) -> tuple[str, ...]:
    """Return the paths of compose files that are no samples or tests."""
    return tuple(path for path in facts.paths if _NAME.search(path) and not facts.is_beside(path))


def compose_services(facts: Facts) -> tuple[ComposeService, ...]:
    """Return the services of every compose file."""
    found: list[ComposeService] = []
    for path in facts.once(compose_files):
        documents = facts.yaml(path)
        variables = _dotenv(facts, join(parent(path), ".env") or ".env")
        services = dig(documents[0], "services") if documents else None
        for name, node in services.items() if isinstance(services, Map) else ():
            if isinstance(node, Map):
                context, dockerfile = _build(path, node.get("build"))
                found.append(
                    ComposeService(path, name, node, bool(_BESIDES.search(path)), context, dockerfile, variables)
                )
    return tuple(found)


def _dotenv(facts: Facts, path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in facts.lines(path) if path in facts.known else ():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = fill(re.sub(r"\s+#.*", "", value).strip().strip("\"'"), found)
    return found


def _build(path: str, build: object) -> tuple[str | None, str | None]:
    if isinstance(build, str):
        context = join(parent(path), build)
        return context, None if context is None else f"{context}/Dockerfile".lstrip("/")
    if not isinstance(build, Map):
        return None, None
    where = build.get("context", ".")
    context = join(parent(path), where) if isinstance(where, str) and "://" not in where and "$" not in where else None
    file = build.get("dockerfile", "Dockerfile")
    if context is None or not isinstance(file, str) or "$" in file or "dockerfile_inline" in build:
        return context, None
    return context, join(context, file)
