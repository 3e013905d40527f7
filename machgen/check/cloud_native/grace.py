"""C109: how long a pod may take to end."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from machgen.check.cloud_native.manifests import MANIFESTS, container_title, root_of_container, unjudged
from machgen.check.cloud_native.workloads import lasting
from machgen.check.document import Map, dig, items, maps
from machgen.check.facts import Facts
from machgen.check.kubernetes import Object
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, Unknown, rule, rules_in
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words


class _Drain(NamedTuple):
    """How long a server waits for what it has begun.

    Args:
        seconds: At most.
        said: By what, as messages name it.
    """

    seconds: float
    said: str


_OPTIONS = (
    (lazy_compile(r"--graceful-timeout[= ](\d+)"), "gunicorn's --graceful-timeout"),
    (lazy_compile(r"--timeout-graceful-shutdown[= ](\d+)"), "uvicorn's --timeout-graceful-shutdown"),
)
_SLEEP = lazy_compile(r"(?:\A|[\s;&\"'])sleep[ \"',]+(\d+(?:\.\d+)?)")
_GO = r"WithTimeout\([^,\n]{1,60},\s*(\d+)\s*\*\s*time\.Second\)(?=[^}]{0,300}\.Shutdown\()"
_NODE = (
    r"setTimeout\(\s*\(\)\s*=>\s*(?:\{[^{}]{0,200}process\.exit\(\d*\);?\s*\}|process\.exit\(\d*\))\s*,\s*([\d_]+)\s*\)"
)
_SPRING = r"^(?:spring\.lifecycle\.|\s+)timeout-per-shutdown-phase\s*[:=]\s*\"?(\d+)s\"?\s*$"
_SOURCES: tuple[tuple[tuple[str, ...], Words, str, float, str], ...] = (
    (
        ("gunicorn.conf.py", "gunicorn_conf.py"),
        Words("graceful_timeout"),
        r"^graceful_timeout\s*=\s*(\d+)",
        1,
        "gunicorn's graceful_timeout",
    ),
    ((".go",), Words("Shutdown"), _GO, 1, "its Shutdown"),
    (
        (".cs",),
        Words("ShutdownTimeout"),
        r"\bShutdownTimeout\s*=\s*TimeSpan\.FromSeconds\((\d+)\)",
        1,
        "its ShutdownTimeout",
    ),
    (
        (".properties", ".yml", ".yaml"),
        Words("shutdown"),
        _SPRING,
        1,
        "Spring's timeout-per-shutdown-phase",
    ),
    ((".js", ".ts", ".mjs", ".cjs"), Words("SIGTERM"), _NODE, 1000, "its timer before process.exit"),
)
"""File endings, a word that the file has, the limit, its divisor to seconds, and what messages call it."""


@rule(
    "C109",
    "The grace period is longer than the end takes",
    level=Level.WARNING,
    source="Kubernetes Docs, Pod Lifecycle: termination of Pods; Container lifecycle hooks",
    mend="Set terminationGracePeriodSeconds above preStop plus the server's own drain.",
    applies_when=f"{MANIFESTS} that say how long something takes to end",
)
def ends_gracefully(facts: Facts) -> Iterator[Answer]:
    """The grace period runs from the moment the pod is told to go, preStop included. What has not finished then is
    killed, with the requests in it."""
    yield from unjudged(facts)
    for workload in lasting(facts):
        given = workload.pod.get("terminationGracePeriodSeconds")
        grace = given if isinstance(given, int) else 30
        said = False
        for container in workload.containers:
            sleep = _pre_stop(container)
            drain = _drain(facts, workload, container)
            said = said or sleep is not None or drain is not None
            at = workload.at(*workload.pod_keys, "terminationGracePeriodSeconds")
            title = container_title(workload, container)
            if sleep is not None and sleep >= grace:
                yield Flaw(f"{title} sleeps {sleep:g} s in preStop of a grace period of {grace} s", at, title)
            elif drain is not None and grace < drain.seconds + (sleep or 0):
                before = f" after {sleep:g} s of preStop" if sleep else ""
                message = f"{title} may take {drain.seconds:g} s to drain ({drain.said}){before}"
                yield Flaw(f"{message}, the grace period is {grace} s", at, title)
        if not said:
            yield Unknown(f"{workload.title} does not say how long its end takes")


def _pre_stop(container: Map) -> float | None:
    hook = dig(container, "lifecycle", "preStop")
    seconds = dig(hook, "sleep", "seconds")
    if isinstance(seconds, int):
        return seconds
    command = dig(hook, "exec", "command")
    match = _SLEEP.search(" ".join(str(each) for each in command)) if isinstance(command, list) else None
    return float(match[1]) if match else None


def _drain(facts: Facts, workload: Object, container: Map) -> _Drain | None:
    words = [*items(container.get("command")), *items(container.get("args"))]
    text = " ".join(str(each) for each in words)
    root = root_of_container(facts, workload, container)
    if root and not words:
        text = " ".join(start.value for each in root.dockerfiles if (start := each.final.last("CMD")))
        text = re.sub(r"[\[\]\",]+", " ", text).replace("  ", " ")
    given = {str(each.get("name")): str(each.get("value")) for each in maps(container.get("env"))}
    for pattern, said in _OPTIONS:
        if match := pattern.search(f"{text} {given.get('GUNICORN_CMD_ARGS', '')}"):
            return _Drain(float(match[1]), said)
    found = _in_sources(facts, root) if root else None
    if found is None and re.search(r"(?:\A|[\s/])gunicorn(?:\s|\Z)", text):
        return _Drain(30, "gunicorn's default")
    return found


def _in_sources(facts: Facts, root: Root) -> _Drain | None:
    for path in files_of(facts, root):
        for endings, word, pattern, divisor, said in _SOURCES:
            if (
                path.endswith(endings)
                and facts.mentions(path, word)
                and (match := re.search(pattern, facts.prose(path), re.MULTILINE))
            ):
                return _Drain(float(match[1].replace("_", "")) / divisor, f"{said}, {path}")
    return None


RULES = rules_in(vars())
