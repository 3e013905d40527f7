"""A company's own rules, from wherever the command line and the repository name them."""

import os
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from machgen.cli import console, options

if TYPE_CHECKING:
    from machgen.check.company.rulebook import Rulebook
    from machgen.check.facts import Facts


class Company:
    """The rules that the command line names; each source is read once.

    Args:
        rules: Files of declared rules.
        pack: A pack with `rules/*.yaml`; None without.
        directory: The directory inside the pack.
        plugin: Names of installed plugins.
        trust: Digests that may run.
        judged: The directories that are judged.
    """

    def __init__(  # noqa: PLR0913 - one argument an option
        self,
        *,
        rules: tuple[str, ...],
        pack: str | None,
        directory: str,
        plugin: tuple[str, ...],
        trust: tuple[str, ...],
        judged: tuple[str, ...],
    ) -> None:
        self.rules, self.pack, self.directory = rules, pack, directory
        self.plugin, self.trust, self.judged = plugin, trust, judged

    @cached_property
    def _named(self) -> "tuple[Rulebook, ...]":
        if not (self.rules or self.pack or self.plugin):
            return ()
        from machgen.check.registry import all_rules  # noqa: PLC0415 - after click, so that --help stays quick

        known = {each.id for each in all_rules()}
        plugins: list[Rulebook] = []
        if self.plugin:
            from machgen.check.company.plugins import load  # noqa: PLC0415 - few companies write rules in Python

            plugins = list(load(self.plugin, self.trust, self.judged))
            known |= {rule.id for book in plugins for rule in book.rules}
        from machgen.check.company.declared import read_rules  # noqa: PLC0415 - few repositories have such rules

        return (*plugins, *(read_rules(text, where, known) for where, text in self._texts()))

    def _texts(self) -> Iterator[tuple[str, str]]:
        for path in self.rules:
            yield path, options.read_text(path, "name a file of declared rules")
        if self.pack:
            from machgen.pack import read_rule_files  # noqa: PLC0415 - only a pack needs it

            if not os.path.isdir(self.pack):
                console.progress("fetching the pack …")
            yield from read_rule_files(self.pack, self.directory).items()

    def rulebook(self, facts: "Facts | None" = None) -> "Rulebook":
        """Return machgen's rules, those that the command line names, and those that a repository declares itself.

        Raises:
            BadRequest: One of the sources is missing, not trusted or wrong.
        """
        from machgen.check.company.rulebook import assembled  # noqa: PLC0415 - after click

        return assembled([*self._named, *self._own(facts)])

    def _own(self, facts: "Facts | None") -> "Iterator[Rulebook]":
        from machgen.check.configuration import rule_files  # noqa: PLC0415 - after click

        files = rule_files(facts) if facts is not None else ()
        if not files:
            return
        from machgen.check.company.declared import read_rules  # noqa: PLC0415 - few repositories have such rules
        from machgen.check.registry import all_rules  # noqa: PLC0415 - see above

        known = {each.id for each in all_rules()} | {each.id for book in self._named for each in book.rules}
        for path, text in files:
            book = read_rules(text, path, known)
            known |= {each.id for each in book.rules}
            yield book
