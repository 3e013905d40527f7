"""What container files copy out of their context, and whether it is here."""

import fnmatch
import re
from collections.abc import Iterator

from machgen.check.compose import compose_services
from machgen.check.dockerfile import Dockerfile, copies
from machgen.check.facts import Facts, join, parent
from machgen.check.ignoring import left_out, patterns_of
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw

_BUILT: dict[str, str] = {
    "target": r"pom\.xml|cargo\.toml|build\.sbt",
    "build": r"build\.gradle(?:\.kts)?|package\.json|cmakelists\.txt|pubspec\.yaml",
    "dist": r"package\.json|pyproject\.toml|setup\.py|go\.mod",
    "bin": r"go\.mod|makefile|.*\.(?:cs|fs)proj",
    "out": r"package\.json|.*\.(?:cs|fs)proj",
    "publish": r".*\.(?:cs|fs)proj|.*\.sln",
}
"""Directories that a build outside of the image makes, and the manifests of which one stands beside them."""


def exists(facts: Facts, path: str | None) -> bool:
    """Whether a file or directory is in the repository; True for what leaves it or is ignored (made later)."""
    if path is None or path == "" or path in facts.known:
        return True
    if facts.has_directory(path):
        return True
    return left_out_here(facts, path)


def left_out_here(facts: Facts, path: str) -> bool:
    """Whether a `.gitignore` of the repository leaves a path out."""
    parts = path.split("/")
    for depth in range(len(parts)):
        file = "/".join([*parts[:depth], ".gitignore"])
        if file in facts.known and left_out(patterns_of(facts.prose(file)), "/".join(parts[depth:])):
            return True
    return False


def missing_sources(facts: Facts, dockerfile: Dockerfile) -> Iterator[Flaw]:
    """Give every source of a COPY or ADD that is in no context the container file may be built in.

    Args:
        facts: The repository.
        dockerfile: The container file.
    """
    built = {
        each.context
        for each in facts.once(compose_services)
        if each.dockerfile == dockerfile.path and each.context is not None
    }
    where = parent(dockerfile.path)
    contexts = tuple(built or {where, *(_above(where))})
    for stage in dockerfile.stages:
        for each, sources, _ in copies(stage):
            if "from" in each.flags or any(_ELSEWHERE.search(source) for source in sources):
                continue
            missing = [source for source in sources if not _is_here(facts, source, contexts)]
            # a wildcard may match nothing where something else is copied along (`package.json yarn.lock*`)
            if len(missing) < len(sources):
                missing = [source for source in missing if not _WILDCARD.search(source)]
            for source in missing:
                message = f"{each.keyword} takes {source}, which is not here"
                yield Flaw(message, dockerfile.at(each.line), source)


_ELSEWHERE = lazy_compile(r"\$|\A(?:https?|git)://|\A<<|\Agit@|\*\*")
_WILDCARD = lazy_compile(r"[*?\[]")


def _is_here(facts: Facts, source: str, contexts: tuple[str, ...]) -> bool:
    if re.search(r"\A\.{0,2}/?\Z", source):
        return True
    paths = [join(context, source.lstrip("/")) for context in contexts]
    found = [path.rstrip("/") if path else path for path in paths]
    if _WILDCARD.search(source):
        return any(path is None or _matches(facts, path) or _is_built(facts, path) for path in found)
    return any(exists(facts, path) or _is_built(facts, path or "") for path in found)


def _matches(facts: Facts, path: str) -> bool:
    """Whether something here has a name with wildcards (Go's filepath.Match: none of them matches a slash)."""
    if left_out_here(facts, re.sub(r"[*?]|\[[^\]]{0,99}\]", "x", path)):
        return True
    fixed = _WILDCARD.split(path)[0].rpartition("/")[0]
    depth = path.count("/") + 1
    return any(
        fnmatch.fnmatchcase("/".join(each.split("/")[:depth]), path) and each.count("/") + 1 >= depth
        for each in facts.below(fixed)
    )


def _is_built(facts: Facts, path: str) -> bool:
    """Whether a path stands where the build of a manifest beside it puts its results."""
    parts = path.split("/")
    for depth, part in enumerate(parts):
        if part in _BUILT:
            around = "/".join(parts[:depth])
            manifest = re.compile(_BUILT[part], re.IGNORECASE)
            beside = (each for each in facts.below(around) if parent(each) == around)
            if any(manifest.fullmatch(each.rpartition("/")[2]) for each in beside):
                return True
    return False


def _above(where: str) -> Iterator[str]:
    while where:
        where = parent(where)
        yield where
