"""The templates on offer: those that come with machgen, or those of the pack that `--pack` names."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from machgen.bundle import builtin_template, descriptions
from machgen.cli import console
from machgen.errors import MachgenError

if TYPE_CHECKING:
    from machgen.compose import Template
    from machgen.origin import Pack
    from machgen.plan import Plan


class Offer:
    """The templates of one pack, read when they are first asked for.

    Args:
        source: What `--pack` says; None for the built-in templates.
        directory: What `--directory` says.
    """

    def __init__(self, source: str | None, directory: str = "") -> None:
        self.source = source
        self.directory = directory

    @property
    def is_builtin(self) -> bool:
        """Whether these are the templates that come with machgen."""
        return self.source is None and not self.directory

    @cached_property
    def pack(self) -> "Pack":
        """The pack; raises what `open_pack` raises."""
        from machgen.pack import open_pack  # noqa: PLC0415 - the built-in templates do without

        if self.source is not None and not os.path.isdir(self.source):
            console.progress("fetching the pack …")
        return open_pack(self.source, directory=self.directory)

    def descriptions(self) -> Mapping[str, str]:
        """Return what each template makes, by name, in the order they are offered."""
        if self.is_builtin:
            return descriptions()
        return {name: self.template(name)[0].description for name in self.pack.sources}

    def survey(self) -> "tuple[Mapping[str, str], list[MachgenError]]":
        """Return what each template makes, by name, and what is wrong with those that cannot be offered."""
        if self.is_builtin:
            return descriptions(), []
        offered: dict[str, str] = {}
        broken: list[MachgenError] = []
        for name in self.pack.sources:
            try:
                offered[name] = self.template(name)[0].description
            except MachgenError as error:
                broken.append(error)
        return offered, broken

    def template(self, name: str) -> "tuple[Template, Plan | None]":
        """Return a template and, where it ships with machgen, its plan; raises `BadRequest` for an unknown name."""
        if self.is_builtin:
            return builtin_template(name)
        from machgen.compose import compose  # noqa: PLC0415 - see above
        from machgen.pack import builtin  # noqa: PLC0415 - see above

        return compose(name, self.pack, builtin), None
