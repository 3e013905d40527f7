"""Helm charts, rendered where a renderer is at hand, each object with the lines of the template that it comes from.

A chart is judged with its default values; values of production win where the repository has them.
"""

import re
from collections.abc import Iterator
from typing import Any

from machgen.check.document import Map, Seq, Unreadable, dig, read_yaml
from machgen.check.facts import Facts, parent
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest_loading import NotRendered

LARGEST_CHART = 20_000_000
"""Bytes of a chart's files together."""

_PRODUCTION_VALUES = lazy_compile(
    r"(?:\A|/)(?:values[._-](?:prod|production|prd|live)|(?:prod|production|prd|live)[._-]values)\.ya?ml\Z|"
    r"(?:\A|/)(?:values|environments?|envs?)/(?:prod|production|prd|live)\.ya?ml\Z",
    re.IGNORECASE,
)


def charts(facts: Facts) -> tuple[str, ...]:
    """Return the directories of Helm charts, those that a chart carries in its `charts/` left out."""
    found = [parent(path) for path in facts.named("Chart.yaml") if not facts.is_beside(path)]
    return tuple(each for each in found if not any(each.startswith(f"{other}/charts/".lstrip("/")) for other in found))


def rendered_charts(facts: Facts) -> tuple[list[tuple[str, str, Map]], list[str]]:
    """Render every chart of a repository.

    Returns:
        Chart, template and object, each with the lines of the template; and what is not rendered, with the reason.
    """
    found: list[tuple[str, str, Map]] = []
    open_: list[str] = []
    helm = facts.helm() if facts.helm is not None and facts.once(charts) else None
    asked: list[tuple[str, dict[str, bytes], Map]] = []
    for chart in facts.once(charts):
        about = facts.yaml(f"{chart}/Chart.yaml".lstrip("/"))
        if about and dig(about[0], "type") == "library":
            continue
        files = _files(facts, chart)
        if helm is None or isinstance(files, str):
            said = "neither helm nor machgen[helm] is at hand" if helm is None else files
            open_.append(f"the Helm chart {chart or '.'} is not rendered: {said}")
        else:
            asked.append((chart, files, _values(facts, chart)))
    answers = helm.render([(files, values) for _, files, values in asked]) if helm and asked else []
    for (chart, _, _), answer in zip(asked, answers, strict=True):
        error: object = answer
        if not isinstance(answer, NotRendered):
            try:
                found += [(chart, path, node) for path, node in _objects(facts, chart, answer)]
                continue
            except NotRendered as unread:
                error = unread
        open_.append(f"the Helm chart {chart or '.'} is not rendered: {error}")
    return found, open_


def _files(facts: Facts, chart: str) -> dict[str, bytes] | str:
    """A chart's files, by path relative to it; or why it cannot be rendered."""
    files: dict[str, bytes] = {}
    size = 0
    for path in facts.below(chart):
        size += facts.files.size(path)
        if size > LARGEST_CHART:
            return f"it is larger than {LARGEST_CHART // 1_000_000} MB"
        try:
            files[path[len(chart) :].lstrip("/")] = facts.files.read(path)
        except OSError:
            return f"{path} cannot be read"
    return files


def _objects(facts: Facts, chart: str, rendered: dict[str, str]) -> Iterator[tuple[str, Map]]:
    for name, text in sorted(rendered.items()):
        inner = name.partition("/")[2]
        path = f"{chart}/{inner}".lstrip("/")
        if not inner.endswith((".yaml", ".yml")) or not text.strip():
            continue
        try:
            documents = read_yaml(text)
        except Unreadable as error:
            raise NotRendered(f"{path} renders to what is {error.reason}") from error
        lines = _origins(text, facts.lines(path))
        for document in documents:
            hook = dig(document, "metadata", "annotations", "helm.sh/hook")
            if isinstance(document, Map) and "test" not in str(hook or ""):
                _moved(document, lines)
                yield path, document


def _values(facts: Facts, chart: str) -> Map:
    """The values of production over the defaults, where the chart or the directory around it has such a file."""
    for where in (chart, parent(chart)) if chart else (chart,):
        for path in facts.below(where):
            inner = path[len(where) :].lstrip("/")
            if inner.count("/") <= 1 and _PRODUCTION_VALUES.search(inner):
                documents = facts.yaml(path)
                if documents and isinstance(documents[0], Map):
                    return documents[0]
    return Map()


def _origins(rendered: str, template: list[str]) -> list[int]:
    """For each line of what was rendered, the line of the template that it most likely comes from."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - few repositories have charts

    def key(line: str) -> str:
        # what is left of a line where values were filled in is its key
        return re.sub(r":.*", ":", line).strip()

    lines = rendered.split("\n")
    origins = [0] * len(lines)
    matcher = SequenceMatcher(None, [key(line) for line in lines], [key(line) for line in template], autojunk=False)
    for block in matcher.get_matching_blocks() if len(lines) * len(template) < 4_000_000 else ():
        for offset in range(block.size):
            origins[block.a + offset] = block.b + offset + 1
    last = 1
    for index, origin in enumerate(origins):
        last = origin or last
        origins[index] = last
    return origins


def _moved(value: Any, lines: list[int]) -> None:
    """Let a rendered document stand where its template does."""
    waiting, seen = [value], set[int]()
    while waiting:
        at = waiting.pop()
        if not isinstance(at, Map | Seq) or id(at) in seen:
            continue
        seen.add(id(at))
        at.line = lines[at.line - 1]
        if isinstance(at, Map):
            at.lines = {key: lines[line - 1] for key, line in at.lines.items()}
            at.columns = {}
            waiting.extend(at.values())
        else:
            at.lines = [lines[line - 1] for line in at.lines]
            waiting.extend(at)
