"""gRPC calls without a deadline: by default they wait for ever (gRPC documentation, Deadlines)."""

import re
from collections.abc import Iterator

from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Place
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_ARGUMENTS = r"\(((?:[^()]|\((?:[^()]|\([^()]{0,400}\)){0,400}\)){0,800})\)"
_STUBS = (
    # a stub and the name it is kept under, by language; then what its calls must hold
    ((".py",), Words("Stub"), lazy_compile(r"\b(\w+)\s*=\s*(?:[\w.]+\.)?\w*_pb2_grpc\.\w+Stub\("), "timeout"),
    (
        (".js", ".ts", ".mjs", ".cjs"),
        whole("credentials"),
        lazy_compile(r"\b(\w+)\s*=\s*new\s+[\w.]+\([^()]*\bcredentials\.create\w+\("),
        "deadline",
    ),
)
_MAIN = lazy_compile(r"__name__ == [\"']__main__")
_EXPORTS = lazy_compile(r"\bmodule\.exports\b|^export\b", re.MULTILINE)
_SERVES = lazy_compile(r"\bgrpc\.(?:aio\.)?server\(|\.addService\(|\.listen\(|\bapp\.run\(|\buvicorn\.run\(")
_CONTEXT = whole("context")
_GO = lazy_compile(r"\bNew\w+Client\(\s*\w+\s*\)\s*\.\s*[A-Z]\w*\(\s*context\.(?:Background|TODO)\(\)")


def waits_for_ever(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Give the calls of stubs, made in the same file, that no deadline ends.

    Args:
        facts: The repository.
        root: A service.
    """
    for path in files_of(facts, root):
        for endings, word, pattern, bound in _STUBS:
            if not path.endswith(endings) or not facts.mentions(path, word):
                continue
            text = facts.prose(path)
            if _is_tried_out(path, text):
                continue  # somebody's own client to try the service out: no part of it
            for name in dict.fromkeys(match[1] for match in pattern.finditer(text)):
                calls = re.finditer(rf"\b{re.escape(name)}\.(?!close\b|waitForReady\b)[A-Za-z]\w*{_ARGUMENTS}", text)
                for call in calls:
                    if bound not in call[1] and "metadata" not in call[1] and "options" not in call[1]:
                        yield _flaw(path, text, call)
        if path.endswith(".go") and facts.mentions(path, _CONTEXT):
            text = facts.prose(path)
            for call in _GO.finditer(text):
                yield _flaw(path, text, call)


def _is_tried_out(path: str, text: str) -> bool:
    """Whether a file is a program of its own that only calls."""
    runs = _MAIN.search(text) if path.endswith(".py") else not _EXPORTS.search(text)
    return bool(runs) and not _SERVES.search(text)


def _flaw(path: str, text: str, call: re.Match[str]) -> Flaw:
    said = re.split(r"\(", " ".join(call[0].split()))[0]
    at = Place(path, text.count("\n", 0, call.start()) + 1)
    return Flaw(f"{said} is called without a deadline: gRPC has none by default", at, f"{path}/{said}")
