"""catalog-info.yaml, judged by Backstage's own model."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.templates.conftest import Bake
from tests.templates.validators.conftest import PLACES, Run

JUDGE = Path(__file__).with_name("entities.mjs")


def entities(project: Path) -> list[dict[str, Any]]:
    """The descriptor's entities, with ``$text`` resolved as the catalog does."""
    found = list(yaml.safe_load_all((project / "catalog-info.yaml").read_text(encoding="utf-8")))
    for entity in found:
        if entity["kind"] == "API":
            name = entity["spec"]["definition"]["$text"]
            entity["spec"]["definition"] = (project / name).read_text(encoding="utf-8")
    return found


def test_descriptor_is_what_backstage_accepts(baked: Bake, run: Run, tmp_path: Path) -> None:
    """The component, its APIs and its database are ingested, each under the name that the others refer to."""
    project = baked({"project_slug": "ticketing", "owner": "field-force"})
    judge = tmp_path / JUDGE.name
    judge.write_text(JUDGE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(PLACES[1].parent)
    found = entities(project)

    refs = run("node", judge, cwd=tmp_path, stdin=json.dumps(found)).split()

    assert refs == [
        "component:default/ticketing",
        "api:default/ticketing",
        "api:default/ticketing-events",
        "resource:default/ticketing-database",
    ]
    component = found[0]["spec"]
    assert (component["owner"], component["providesApis"]) == ("group:field-force", ["ticketing", "ticketing-events"])
    kinds = {entity["spec"]["type"]: entity["spec"]["definition"][:9] for entity in found if entity["kind"] == "API"}
    assert kinds == {"openapi": "openapi: ", "asyncapi": "asyncapi:"}
    assert component["dependsOn"] == ["resource:ticketing-database"]
