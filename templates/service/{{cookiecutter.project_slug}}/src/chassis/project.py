"""What this service is, read once from ``pyproject.toml``: the only place where names are written down."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Project:
    """The service's identity.

    ``name`` is the slug used in logs, metrics and events, ``title`` is for people, ``owner`` is the team
    to turn to, ``package`` is the Python package that holds the domain.
    """

    name: str
    title: str
    owner: str
    version: str
    description: str
    package: str


@cache
def project() -> Project:
    """Read ``[project]`` and ``[tool.chassis]`` of the ``pyproject.toml`` beside ``src/``.

    :raises FileNotFoundError: when the file was not copied into the image.
    """
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    about, chassis = data["project"], data["tool"]["chassis"]
    return Project(
        name=about["name"],
        title=chassis["title"],
        owner=chassis["owner"],
        version=about["version"],
        description=about["description"],
        package=chassis["package"],
    )
