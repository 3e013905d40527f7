"""Draws docs/states.md from the tables of states in the code: ``make states``."""

import importlib
import pkgutil
from collections.abc import Mapping

from chassis.project import ROOT, project
from chassis.states import StateMachine

PATH = ROOT / "docs" / "states.md"
_HEAD = """# States

Drawn by `make states` from the tables in the code. What is not drawn is refused with 409 `illegal-transition`, which
names the moves that are possible.
"""


def machines() -> Mapping[str, StateMachine]:
    """Return every state machine of the domain by its name."""
    package = importlib.import_module(project().package)
    found = [
        value
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if module.name.endswith(".states")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, StateMachine)
    ]
    return {machine.name: machine for machine in sorted(found, key=lambda machine: machine.name)}


def document() -> str:
    """Return what docs/states.md should hold."""
    parts = [f"\n## {name.capitalize()}\n\n```mermaid\n{one.mermaid()}```\n" for name, one in machines().items()]
    return _HEAD + "".join(parts)


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
