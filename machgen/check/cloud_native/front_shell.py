"""A shell that stays process 1 of a container although the start command is in exec form (C004)."""

import shlex
from collections.abc import Iterator
from typing import Any

from machgen.check.cloud_native.manifests import container_keys
from machgen.check.dockerfile import Dockerfile, Stage, image_name, is_official
from machgen.check.document import dig
from machgen.check.facts import Facts, place
from machgen.check.image_use import compose_services_of, containers_of
from machgen.check.kubernetes import LASTING
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw

_COMMAND = lazy_compile(r"-[a-z]*c[a-z]*\Z")
_GIVES_WAY = lazy_compile(r"(?:\A|[\s;&|({])(?:exec|trap|wait|bash|tini|dumb-init|su-exec|gosu)(?=\s|\Z)")
"""Words after which the shell is replaced, or passes signals on."""

_DASH = frozenset(
    {"debian", "ubuntu", "python", "node", "ruby", "php", "golang", "rust", "perl", "eclipse-temurin",
     "buildpack-deps"}
)  # fmt: skip
_OTHER = lazy_compile(r"alpine|ubi|windows|nanoserver|oracle|centos|fedora|amazon|al20|corretto")
_DEBIAN = lazy_compile(r"slim|buster|bullseye|bookworm")
_RELINKED = lazy_compile(r"/bin/(?:sh|dash)\b|\bdpkg-reconfigure dash\b")


def _has_dash(stage: Stage) -> bool:
    """Whether `sh` in an image is Debian's and Ubuntu's dash.

    dash waits for the last command of `sh -c`; BusyBox's shell, which Alpine has, and bash become it.
    """
    image = image_name(stage.external)
    known = image.short in _DASH or (image.short == "openjdk" and _DEBIAN.search(image.tag))
    if not is_official(image) or not known or _OTHER.search(image.tag):
        return False
    return not any(_RELINKED.search(each.value) for each in stage.all("RUN", "COPY"))


def _script(words: Any) -> str:
    """The script of `sh -c` where the shell would stay until the script's last command ends; else empty."""
    if not isinstance(words, list) or len(words) < 3 or not all(isinstance(word, str) for word in words[:3]):
        return ""
    shell, option, script = words[:3]
    if shell.rpartition("/")[2] not in {"sh", "dash"} or not _COMMAND.match(option):
        return ""
    return "" if _GIVES_WAY.search(script) or not script.strip() else " ".join(script.split())


def fronted(facts: Facts, dockerfile: Dockerfile, final: Stage) -> Iterator[Flaw]:
    """Give where a container of an image starts a shell that SIGTERM reaches instead of the program."""
    if not _has_dash(final):
        return
    entry, command = final.last("ENTRYPOINT"), final.last("CMD")
    start = entry or command
    if start is not None and (script := _script(start.exec_form)):
        yield Flaw(_said(start.keyword, script), dockerfile.at(start.line), f"{start.keyword} front")
    for workload, container in containers_of(facts, dockerfile):
        own = container in workload.containers and not workload.pod.get("shareProcessNamespace")
        words = [*_list(container.get("command")), *_list(container.get("args"))] if container.get("command") else []
        if own and workload.kind in LASTING and (script := _script(words)):
            at = workload.at(*container_keys(workload, container), "command")
            yield Flaw(_said(workload.title, script), at, f"{workload.title} front")
    for each in compose_services_of(facts, dockerfile):
        key = "entrypoint" if each.node.get("entrypoint") else "command"
        if each.development or dig(each.node, "init") is True or (key == "command" and entry is not None):
            continue
        if script := _script(_words(each.node.get(key))):
            yield Flaw(_said(each.name, script), place(each.path, each.node, key), f"{each.name} front")


def _said(who: str, script: str) -> str:
    short = script if len(script) <= 60 else script[:57] + "..."
    return f'{who} starts a shell that stays in front and keeps SIGTERM to itself: sh -c "{short}" has no exec'


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(value: Any) -> list[Any]:
    """The words of a command of Compose's, which splits a text as a shell does."""
    if not isinstance(value, str):
        return _list(value)
    try:
        return list(shlex.split(value)) if len(value) < 10_000 else []
    except ValueError:
        return []
