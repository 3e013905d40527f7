"""Calls by the `fetch` of a JavaScript runtime that nothing ends (C207)."""

import re
from collections.abc import Iterator

from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Place
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_ENDINGS = (".js", ".ts", ".mjs", ".cjs")
_WORDS = whole("fetch")
_SERVERS = (
    "express", "fastify", "koa", "@nestjs/core", "@hapi/hapi", "hono", "@hono/node-server", "restify", "polka", "h3",
)  # fmt: skip
"""What makes a program of Node's answer requests; beside it, `fetch` calls another server, not its own from a page."""

_CALL = lazy_compile(
    r"(?<![\w.$])(?:globalThis\.)?fetch\(\s{0,99}(?![\"'`]\.?/)((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*)\)"
)
_OWN = lazy_compile(
    r"\b(?:function\s*\*?|const|let|var|async|static|public|private|protected|get)\s+fetch\b|"
    r"^[ \t]*(?:async\s+)?fetch\s*\([^()\n]*\)\s*(?::[^=;{}\n]*)?\{|"
    r"[{,]\s*fetch\s*[,}]|\bas\s+fetch\b|\bfetch\s*[:=](?!=)|"
    r"\(\s*fetch\s*[,)]",
    re.MULTILINE,
)
"""A function of that name that is the program's own, imported or handed in; what it does stands elsewhere."""

_LIBRARY = lazy_compile(
    r"^[ \t]*(?:import\s+fetch\b[^;\n]*\bfrom|(?:const|let|var)\s+fetch\s*=\s*require\()\s*"
    r"[\"'](node-fetch|cross-fetch|isomorphic-fetch)[\"']",
    re.MULTILINE,
)
"""Libraries whose `fetch` has no timeout either, not even after five minutes (node-fetch: README, Request cancellation
with AbortSignal)."""

_BOUNDED = lazy_compile(r"[sS]ignal|Abort|[tT]imeout|TIMEOUT|\bPromise\.race\b|setGlobalDispatcher|\bdispatcher\b")
_BOUNDS = Words("ignal", "Abort", "imeout", "TIMEOUT", "\nrace\n", "ispatcher")
_IN_A_PAGE = lazy_compile(
    r"\b(?:document|window|localStorage|sessionStorage|navigator)\.|\bfrom\s+[\"'](?:react|vue|svelte|preact)\b|"
    r"[\"']use client[\"']|\baddEventListener\(\s*[\"'](?:fetch|install)[\"']"
)
_PAGES = lazy_compile(
    r"(?:\A|/)(?:public|static|assets|client|clients?-side|frontend|front|web|webapp|www|ui|browser|views|pages|"
    r"components|dist|build|wwwroot|scripts?|tools?|cli|bin|seeds?|migrations?)/|(?:\A|/)(?:sw|service-?worker)\.|"
    r"\.(?:client|browser|min|config)\.|\.d\.ts\Z",
)


def endless_fetches(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Give the calls of a Node server to other servers that have no signal.

    Only what surely runs in the server counts: a Node root that depends on a server's framework, and files that no page
    loads. Where anything in a file, or a dispatcher for the whole program, may bound a call, nothing is said.
    """
    if not any(each.ecosystem == "node" and each.needs(*_SERVERS) for each in root.manifests):
        return
    paths = [path for path in files_of(facts, root) if path.endswith(_ENDINGS)]
    if any(facts.mentions(path, _DISPATCHER) for path in paths):
        return
    for path in paths:
        if _PAGES.search(path.removeprefix(root.path)) or not facts.mentions(path, _WORDS):
            continue
        text = facts.prose(path)
        if facts.mentions(path, _BOUNDS) and _BOUNDED.search(text):
            continue
        library = _LIBRARY.search(text)
        if _OWN.search(_LIBRARY.sub("", text)) or _IN_A_PAGE.search(text):
            continue
        said = (
            f"{library[1]} has no timeout by default"
            if library
            else "Node waits five minutes for an answer, and as long for each piece"
        )
        for at, match in facts.grep((path,), _CALL):
            line = facts.lines(path)[at.line - 1].lstrip()
            if line.startswith(("//", "*", "/*")) or "..." in match[1] or _REQUEST.match(match[1]):
                continue
            message = f"fetch is called without a signal: {said}"
            yield Flaw(message, Place(path, at.line), f"{path}/{match[0][:60]}")


_DISPATCHER = whole("setGlobalDispatcher")
_REQUEST = lazy_compile(r"\s*(?:req|request|event\.request|c\.req\.raw)\b(?!\.)|\s*new\s+Request\(")
"""A request made elsewhere, which may carry a signal."""
