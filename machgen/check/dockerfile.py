"""Dockerfiles: their stages and instructions, with lines, and with the variables that are known filled in.

Follows the Dockerfile reference (docs.docker.com/reference/dockerfile): parser directives, line continuation, comments
inside of continuations, here-documents, exec and shell form.
"""

import json
import posixpath
import re
from typing import NamedTuple

from machgen.check.document import Unreadable
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place

_NAME = lazy_compile(
    r"(?:\A|/)(?:(?:Dockerfile|Containerfile)(?:\.[A-Za-z0-9_.-]+|[-_][A-Za-z0-9_-]+)?|[A-Za-z0-9_.-]+\.(?:Dockerfile|Containerfile))\Z",
    re.IGNORECASE,
)
_DEVELOPMENT = lazy_compile(
    r"(?:\A|[._-])(?:dev|develop|development|local|debug|test|tests|ci|e2e|playwright|cypress|tmpl|template|j2|md|"
    r"dockerignore|original|orig|old|bak|backup|disabled|"
    r"txt)(?:[._-]|\Z)",
    re.IGNORECASE,
)
_VARIABLE = lazy_compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([^}]{0,1000}))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_HEREDOC = lazy_compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")


LONGEST = 8_000
"""Characters of an instruction; what follows is not looked at."""

MOST_STAGES = 100
"""Stages of a container file; real ones stay below 20."""


class Instruction(NamedTuple):
    """One instruction.

    Args:
        keyword: Upper case.
        value: What follows, continuation lines joined, flags taken off, a here-document appended.
        flags: `--from=build` as {"from": "build"}.
        line: From 1.
    """

    keyword: str
    value: str
    flags: dict[str, str]
    line: int

    @property
    def exec_form(self) -> list[str] | None:
        """The words of the exec form (a JSON array); None for the shell form."""
        if not self.value.startswith("["):
            return None
        try:
            words = json.loads(self.value)
        except ValueError:
            return None
        return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None

    @property
    def words(self) -> list[str]:
        """The words of either form, as far as splitting at blanks gives them."""
        return self.exec_form if self.exec_form is not None else self.value.split()


class Stage(NamedTuple):
    """One stage: a FROM and what follows.

    Args:
        number: From 0.
        name: After AS; empty where there is none.
        image: The base with every known variable filled in; still with `$` where one is not known.
        base: The stage that it builds on; None for an image.
        line: The line of FROM.
        instructions: What follows, without FROM.
    """

    number: int
    name: str
    image: str
    base: "Stage | None"
    line: int
    instructions: tuple[Instruction, ...]

    def lineage(self) -> list["Stage"]:
        """This stage and those it builds on, nearest first."""
        at: Stage | None = self
        found: list[Stage] = []
        while at is not None:
            found.append(at)
            at = at.base
        return found

    def last(self, keyword: str) -> Instruction | None:
        """Return the instruction that counts where the last one wins, inherited ones included."""
        for stage in self.lineage():
            for each in reversed(stage.instructions):
                if each.keyword == keyword:
                    return each
        return None

    def all(self, *keywords: str) -> list[Instruction]:
        """Return every instruction of these kinds that ends up in this stage, oldest first."""
        return [each for stage in reversed(self.lineage()) for each in stage.instructions if each.keyword in keywords]

    @property
    def external(self) -> str:
        """The image that the lineage begins with."""
        return self.lineage()[-1].image


class Dockerfile(NamedTuple):
    """A parsed Dockerfile.

    Args:
        path: The file.
        stages: In order; never empty.
        arguments: ARGs before the first FROM and their defaults.
    """

    path: str
    stages: tuple[Stage, ...]
    arguments: dict[str, str]

    @property
    def final(self) -> Stage:
        """The stage that becomes the image."""
        return self.stages[-1]

    def at(self, line: int) -> Place:
        """Return the place of a line."""
        return Place(self.path, line)


def is_dockerfile(path: str) -> bool:
    """Whether a path is a container file by name, `.dev` and test variants included."""
    name = path.rpartition("/")[2]
    return bool(_NAME.search(path)) and not name.endswith((".md", ".dockerignore", ".txt", ".tmpl", ".j2"))


def dockerfiles(facts: Facts) -> tuple[Dockerfile, ...]:
    """Return the container files that production images are built from, by path.

    Development containers, `.dev` and test variants, samples and vendored ones are not among them.
    """
    found = []
    for path in facts.paths:
        if not is_dockerfile(path) or facts.is_beside(path):
            continue
        name = path.rpartition("/")[2]
        variant = re.sub(r"(?i)dockerfile|containerfile", "", name)
        if _DEVELOPMENT.search(variant) or ".devcontainer" in path:
            continue
        parsed = parse(path, facts.text(path) or "")
        if parsed is not None and len(parsed.stages) > MOST_STAGES:
            facts.unreadable[path] = Unreadable(f"more than {MOST_STAGES} stages")
        elif parsed is not None:
            found.append(parsed)
    return tuple(found)


def parse(path: str, text: str) -> Dockerfile | None:
    """Parse a Dockerfile; None where there is no FROM in it."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    current: list[Instruction] = []
    head: tuple[str, str, Stage | None, int] | None = None

    def close() -> None:
        if head is not None:
            name, image, base, line = head
            stages.append(Stage(len(stages), name, image, base, line, tuple(current)))

    for each in _instructions(text):
        if each.keyword == "FROM":
            close()
            current = []
            words = each.value.split()
            if not words:
                continue
            image = fill(words[0], arguments)
            name = words[2] if len(words) > 2 and words[1].upper() == "AS" else ""
            if len(stages) > MOST_STAGES:
                break
            base = next((stage for stage in stages if stage.name and stage.name.lower() == image.lower()), None)
            head = (name, image, base, each.line)
        elif head is None:
            if each.keyword == "ARG":
                for word in each.value.split():
                    key, equals, value = word.partition("=")
                    if equals:
                        arguments[key] = fill(value.strip("\"'"), arguments)
        else:
            current.append(each)
    close()
    return Dockerfile(path, tuple(stages), arguments) if stages else None


def fill(text: str, values: dict[str, str]) -> str:
    """Replace `$NAME`, `${NAME}` and `${NAME:-default}`; what is not known stays as it is."""

    left = LONGEST  # variables that hold each other twice would double with every line

    def one(match: re.Match[str]) -> str:
        nonlocal left
        name = match[1] or match[4]
        if name in values:
            found = match[3] if match[2] in {"+", ":+"} else values[name]
        else:
            found = match[3] if match[2] in {"-", ":-"} else match[0]
        left -= len(found)
        return found if left > 0 else ""

    return _VARIABLE.sub(one, text)[:LONGEST] if "$" in text else text


def _instructions(text: str) -> list[Instruction]:
    escape = "\\"
    directive = re.match(r"(?:#[^\n]*\n)*?#\s*escape\s*=\s*([`\\])", text, re.IGNORECASE)
    if directive:
        escape = directive[1]
    lines = text.split("\n")
    found: list[Instruction] = []
    number = 0
    while number < len(lines):
        start = number
        line = lines[number].strip()
        number += 1
        if not line or line.startswith("#"):
            continue
        parts: list[str] = []
        while True:
            if line.endswith(escape):
                parts.append(line[: -len(escape)].rstrip())
            else:
                parts.append(line)
                break
            while number < len(lines) and (not lines[number].strip() or lines[number].lstrip().startswith("#")):
                number += 1
            if number >= len(lines):
                break
            line = lines[number].strip()
            number += 1
        whole = " ".join(parts)
        keyword, _, rest = whole.partition(" ")
        keyword = keyword.upper()
        if keyword in {"RUN", "COPY", "ADD"}:
            for here in _HEREDOC.finditer(rest):
                while number < len(lines):
                    body = lines[number]
                    number += 1
                    if body.strip() == here[2]:
                        break
                    rest += "\n" + body
        found.append(_instruction(keyword, rest.strip(), start + 1))
    return found


def _instruction(keyword: str, rest: str, line: int) -> Instruction:
    flags: dict[str, str] = {}
    while match := re.match(r"--([a-z-]+)(?:=(\S*))?\s+", rest):
        if match[1] in flags:
            flags[match[1]] += "\n" + (match[2] or "")
        else:
            flags[match[1]] = match[2] or "true"
        rest = rest[match.end() :]
    if keyword == "ONBUILD":
        keyword, _, rest = rest.partition(" ")
        keyword = keyword.upper()
    return Instruction(keyword, rest[:LONGEST], flags, line)


def environment(stage: Stage, arguments: dict[str, str]) -> dict[str, str]:
    """Return what ARG and ENV define in a stage, as far as it is known."""
    values: dict[str, str] = {}
    for each in stage.all("ARG", "ENV"):
        for name, value in pairs(each):
            if value is not None:
                values[name] = fill(value, values)
            elif each.keyword == "ARG" and name in arguments:
                values[name] = arguments[name]
    return values


_PAIR = lazy_compile(r"([A-Za-z_][A-Za-z0-9_.-]*)(?:=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:\\.|[^\s\"'])*))?")


def pairs(each: Instruction) -> list[tuple[str, str | None]]:
    """Return the names and values of an ARG, ENV or LABEL; None for an ARG without a default."""
    if each.keyword in {"ENV", "LABEL"} and (
        match := re.match(r"([A-Za-z_][\w.-]*)\s+([^=\s].*|\"[^\"]*\".*)\Z", each.value)
    ):
        return [(match[1], match[2].strip("\"'"))]
    return [(match[1], match[2].strip("\"'") if match[2] is not None else None) for match in _PAIR.finditer(each.value)]


def copies(stage: Stage) -> list[tuple[Instruction, list[str], str]]:
    """Return each COPY and ADD of a stage itself: the instruction, its sources, its destination."""
    return [
        (each, words[:-1], posixpath.normpath(words[-1]))
        for each in stage.instructions
        if each.keyword in {"COPY", "ADD"}
        and len(words := each.value.split("\n")[0].split() if each.exec_form is None else each.words) > 1
    ]


def contributing(dockerfile: Dockerfile) -> list[Stage]:
    """Return the stages that the final image is made of: its lineage, and what it copies from, in order."""
    by_name = {stage.name.lower(): stage for stage in dockerfile.stages if stage.name}
    by_name |= {str(stage.number): stage for stage in dockerfile.stages}
    found: dict[int, Stage] = {}
    waiting = [dockerfile.final]
    while waiting:
        stage = waiting.pop()
        if stage.number in found:
            continue
        found[stage.number] = stage
        waiting += [stage.base] if stage.base else []
        for each in stage.instructions:
            source = by_name.get(each.flags.get("from", "").lower())
            waiting += [source] if source else []
    return [found[number] for number in sorted(found)]


def starts_nothing(dockerfile: Dockerfile) -> bool:
    """Whether an image is no program: it says no command and its base would only open a shell (or is empty), or what it
    says is no command."""
    final = dockerfile.final
    start = final.last("ENTRYPOINT") or final.last("CMD")
    if start is not None:
        # an application for a phone, carried out of the build in an image that is never run
        return bool(start.words) and start.words[0].endswith((".apk", ".aab", ".ipa"))
    name = image_name(final.external)
    return name.name == "scratch" or (is_official(name) and name.short in _SHELLS)


_SHELLS = frozenset({"golang", "alpine", "debian", "ubuntu", "python", "node", "rust", "maven", "gradle", "busybox"})


class ImageName(NamedTuple):
    """A reference to an image, taken apart (the grammar of `distribution/reference`).

    Args:
        name: With the registry's host where there is one, without tag and digest.
        tag: Empty where there is none.
        digest: `sha256:...`, empty where there is none.
    """

    name: str
    tag: str
    digest: str

    @property
    def short(self) -> str:
        """The last part of the name, such as `python`."""
        return self.name.rpartition("/")[2]


def is_official(name: ImageName) -> bool:
    """Whether an image is one of Docker's Official Images, under any of the names it is pulled by."""
    rest = name.name.removeprefix("docker.io/").removeprefix("index.docker.io/").removeprefix("public.ecr.aws/docker/")
    return "/" not in rest.removeprefix("library/")


def image_name(text: str) -> ImageName:
    """Take an image reference apart."""
    rest, _, digest = text.partition("@")
    head, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    return ImageName(head + slash + last, tag, digest)
