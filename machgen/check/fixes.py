"""`--fix`: the edits that are safe, applied to a tree. Pure; the command line writes what comes out."""

from collections.abc import Iterable

from machgen.check.facts import Facts
from machgen.check.model import Edit, Finding
from machgen.tree import File, Tree


def fixed(facts: Facts, findings: Iterable[Finding]) -> tuple[Tree, tuple[Finding, ...]]:
    """Apply the fixes of findings.

    Args:
        facts: The repository as it was judged.
        findings: What was found; those without a safe fix are passed over.

    Returns:
        The files that change, and the findings that they mend. An edit whose text is not on its line (any more), or
        whose file would not keep every other byte, is left alone together with its finding.
    """
    changed: dict[str, list[str]] = {}
    mended: list[Finding] = []
    for finding in findings:
        edits = finding.flaw.fix
        trial = {each.path: list(changed.get(each.path) or _lines(facts, each.path)) for each in edits}
        if edits and all(_apply(trial[each.path], each) for each in sorted(edits, key=lambda each: -each.line)):
            changed.update(trial)
            mended.append(finding)
    files = {path: File("".join(lines).encode("utf-8")) for path, lines in changed.items()}
    return Tree(files), tuple(mended)


def _lines(facts: Facts, path: str) -> list[str]:
    """The file's lines with their endings; none where it is not UTF-8, which a fix could not write back unchanged, or
    where it holds what only some take for the end of a line: then nobody knows which line is meant."""
    try:
        text = facts.files.read(path).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    lines = text.splitlines(keepends=True)
    return lines if len(lines) == text.count("\n") + (not text.endswith("\n")) else []


def _apply(lines: list[str], edit: Edit) -> bool:
    line = lines[edit.line - 1] if 0 < edit.line <= len(lines) else ""
    start = edit.column_in(line) - 1
    if start < 0:
        return False
    ending = "\r\n" if line.endswith("\r\n") else "\n"
    lines[edit.line - 1] = line[:start] + edit.new.replace("\n", ending) + line[start + len(edit.old) :]
    return True
