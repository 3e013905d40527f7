"""What `machgen export --all` tells Backstage, judged by Backstage's own model."""

import json
from pathlib import Path

import yaml

from machgen.bundle import builtin_template, descriptions
from machgen.export import repository
from tests.templates.validators.conftest import PLACES, Run, missing

JUDGE = Path(__file__).with_name("exported.mjs")


def test_the_repository_can_be_registered(run: Run, tmp_path: Path) -> None:
    """The Location and every template it names are ingested; the forms' patterns work in a browser."""
    if not (PLACES[1].parent / "@backstage").is_dir():
        missing("Backstage's catalog model", "run `make tools`")
    files = repository({name: builtin_template(name)[0] for name in descriptions()})
    judge = tmp_path / JUDGE.name
    judge.write_text(JUDGE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(PLACES[1].parent)
    location = yaml.safe_load(files["catalog-info.yaml"].data)
    templates = [yaml.safe_load(files[target.removeprefix("./")].data) for target in location["spec"]["targets"]]

    refs = run("node", judge, cwd=tmp_path, stdin=json.dumps([location, *templates])).split()

    assert ["location:default/machgen-templates", *(f"template:default/{name}" for name in descriptions())] == refs
