"""The domain package may have no name that something else on the import path has."""

import json
import keyword
import re
import subprocess
import sys
from pathlib import Path

import pytest

from machgen.bundle import builtin_template, descriptions

TOOLS = Path(__file__).parents[2] / ".tools"


def taken() -> set[str]:
    """Return the names of Python's keywords and modules, and of everything that a generated service installs."""
    python = TOOLS / "services" / "bin" / "python"
    if not python.exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    script = "import importlib.metadata, json; print(json.dumps(list(importlib.metadata.packages_distributions())))"
    installed = json.loads(subprocess.run([python, "-c", script], capture_output=True, check=True, text=True).stdout)
    return {*keyword.kwlist, *sys.stdlib_module_names, *installed, "chassis", "tests", "samples", "conftest"}


@pytest.mark.parametrize("name", list(descriptions()))
def test_no_package_shadows_another(name: str) -> None:
    """A service named `json` or `fastapi` would not start; its name is refused before anything is made."""
    pattern = builtin_template(name)[0].questions["_validators"]["package"]["pattern"]

    assert [] == sorted(each for each in taken() if re.fullmatch(pattern, each))


@pytest.mark.parametrize("package", ["my_service", "jsonapi", "orders", "fastapi_shop", "classes", "test_shop", "x"])
def test_ordinary_names_are_free(package: str) -> None:
    """What only begins or ends like a taken name is not taken."""
    pattern = builtin_template("service")[0].questions["_validators"]["package"]["pattern"]

    assert re.fullmatch(pattern, package)
