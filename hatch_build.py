"""The build puts the built-in templates into the wheel: their sources, and each one composed and lowered."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent


class BundleHook(BuildHookInterface[Any]):
    """Write the bundle's modules and add them and `templates/` to the wheel; an editable install needs neither."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to what hatchling is about to pack."""
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, str(ROOT))
        from machgen.bundle import modules  # noqa: PLC0415 - importable only from here on
        from machgen.compose import compose  # noqa: PLC0415 - see above
        from machgen.pack import builtin  # noqa: PLC0415 - see above

        pack = builtin()
        made = Path(self.directory) / "bundle"
        made.mkdir(parents=True, exist_ok=True)
        include = build_data["force_include"]
        for name, source in pack.sources.items():  # file by file: what a test run left in a checkout is not shipped
            for path in source:
                include[str(ROOT / "templates" / name / path)] = f"machgen/_builtin/templates/{name}/{path}"
        for name, source in modules({name: compose(name, pack) for name in pack.sources}):
            file = made / f"{name}.py"
            file.write_text(source, encoding="utf-8")
            include[str(file)] = f"machgen/_builtin/{name}.py"
