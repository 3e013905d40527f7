"""The programs that a root's container files start: one, where it is one service."""

import re

from machgen.check.dockerfile import Dockerfile, Instruction, image_name
from machgen.check.lazy_regex import lazy_compile
from machgen.check.roots import DATABASES, Root

_VARIANT = lazy_compile(
    r"migrat|(?:\A|[._-])(?:db|database|init|seed|base|builder?|debug|alpine|debian|ubuntu|slim|arm\d*|arm64|"
    r"amd64|windows|linux|"
    r"native|native-micro|jvm|legacy-jar|distroless|gpu|cuda|cpu|rootless|nonroot|fips|prod|production|"
    r"release)(?:[._-]|\Z)",
    re.IGNORECASE,
)


_PROGRAM = lazy_compile(r"\bcmd/([A-Za-z0-9_-]+)")
"""A Go program's directory: container files that start a binary of the same name may still build different ones."""


def programs(root: Root) -> tuple[Dockerfile, ...]:
    """Return a container file for each program of a root, variants of one and its migrations or database left out."""
    found: dict[str, Dockerfile] = {}
    for each in root.dockerfiles:
        name = re.sub(r"(?i)\.?(?:dockerfile|containerfile)\.?", "", each.path.rpartition("/")[2])
        if _VARIANT.search(name) or image_name(each.final.external).short in DATABASES:
            continue
        starts = " ".join(start.value for start in (each.final.last("ENTRYPOINT"), each.final.last("CMD")) if start)
        built = {match for step in each.final.instructions + _built(each) for match in _PROGRAM.findall(step.value)}
        found.setdefault(" ".join([starts, *sorted(built)]).strip() or each.path, each)
    return tuple(found.values())


def _built(dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    return tuple(step for stage in dockerfile.stages[:-1] for step in stage.instructions)
