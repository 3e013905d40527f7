"""C009: what a build takes from the network is named by version."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.base_image import NO_IMAGE
from machgen.check.dockerfile import Dockerfile, Instruction, contributing, dockerfiles
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, Place, rule, rules_in

_PIPED = lazy_compile(
    r"\b(?:curl|wget)\b[^|;&\n]{0,300}?(https?://[^\s|;\"']{1,300})[^|;\n]{0,300}\|\s{0,99}(?:sudo\s{1,9}(?:-\S{1,99}\s{1,9}){0,9})?(?:ba|da|z|a)?sh\b"
)
_FETCH = lazy_compile(r"\b(?:curl|wget)\b[^|;&\n]{0,300}?(https?://[^\s|;&\"')]+)")
_UNVERSIONED = (
    (lazy_compile(r"\bgo (?:install|get) (\S+@latest)"), "go install"),
    (
        lazy_compile(
            r"\bnpm (?:install|i|add) (?:-\S{1,99} ){0,9}(?:-g|--global)(?: -\S{1,99}){0,9} "
            r"(?!-)((?:@[\w.-]+/)?[\w.-]+)(?=\s|$|&|;)"
        ),
        "npm install -g",
    ),
    (lazy_compile(r"\bnpm (?:install|i|add) (?:-g|--global) ((?:@[\w.-]+/)?[\w.-]+@latest)"), "npm install -g"),
    (lazy_compile(r"\bcargo install (?!.*--(?:version|locked|path|git))([\w-]+)(?=\s|$)"), "cargo install"),
    (lazy_compile(r"\bgem install ([\w-]+)(?=\s*(?:$|&|;))"), "gem install"),
)
_PIP = lazy_compile(r"\bpip3? install\b([^&|;\n]*)")
_REQUIREMENT = lazy_compile(r"\"?[A-Za-z][\w.-]*(?:\[[\w,-]+\])?\"?")
_CHECKED = lazy_compile(r"sha(?:256|512|1)sum|gpg --(?:batch --)?verify|--checksum|cosign verify|minisign")


@rule(
    "C009",
    "Nothing unpinned is downloaded into an image",
    level=Level.WARNING,
    source="OpenSSF Scorecard, Pinned-Dependencies; SLSA v1.0 build track; hadolint DL3013, DL3016, DL4006",
    mend="Name the version, check the download's digest, or take it from a pinned image with `COPY --from`.",
    applies_when="the repository has container files",
)
def downloads_pinned(facts: Facts) -> Iterator[Answer]:
    """`curl | sh` and installers without a version run whatever the other side serves that day, as root, in the build
    of your product. The same commit then builds different images, and a compromised site is in all of them."""
    if not facts.once(dockerfiles):
        yield NO_IMAGE
    for dockerfile in facts.once(dockerfiles):
        for stage in contributing(dockerfile):
            for each in stage.instructions:
                if each.keyword == "RUN":
                    yield from _downloads(dockerfile, each)
                elif each.keyword == "ADD" and "checksum" not in each.flags:
                    for source in each.words[:-1]:
                        if re.match(r"https?://(?!github\.com/[^/]+/[^/]+\.git)", source) and not _versioned(source):
                            yield Flaw(
                                f"ADD takes {source} without a version or checksum", dockerfile.at(each.line), source
                            )


def _versioned(url: str) -> bool:
    """Whether a URL names a release; a variable in it is taken for the version that the file sets."""
    return "latest" not in url and bool(
        re.search(r"\d+\.\d+|[0-9a-f]{40}|/v\d+[/.]|\$\{?\w*(?:VERSION|REVISION|RELEASE|TAG|SHA)", url)
    )


def _downloads(dockerfile: Dockerfile, each: Instruction) -> Iterator[Flaw]:
    at, value = dockerfile.at(each.line), each.value
    yield from _fetched(at, value)
    for pattern, command in _UNVERSIONED:
        for match in pattern.finditer(value):
            if match[1] not in {"npm", "corepack"} or match[1].endswith("latest"):
                yield Flaw(f"`{command} {match[1]}` takes whatever version is newest", at, match[1])
    for match in _PIP.finditer(value):
        words = match[1].split()
        if any(word.startswith(("-r", "--requirement", "-c", "--constraint", "-e")) for word in words):
            continue
        for word in words:
            if _REQUIREMENT.fullmatch(word) and not word.endswith((".whl", ".txt", ".gz")):
                name = word.strip('"')
                yield Flaw(f"`pip install {name}` takes whatever version is newest", at, name)


def _fetched(at: Place, value: str) -> Iterator[Flaw]:
    piped = {match[1] for match in _PIPED.finditer(value)}
    for url in sorted(piped):
        if not _versioned(url):
            yield Flaw(f"a script from {url} is run as it comes", at, url)
    if _CHECKED.search(value):
        return
    for match in _FETCH.finditer(value):
        url = match[1]
        if url not in piped and re.search(r"latest|/(?:master|main)/|\.(?:sh|py)\Z", url) and not _versioned(url):
            yield Flaw(f"{url} is downloaded without a version or checksum", at, url)


RULES = rules_in(vars())
