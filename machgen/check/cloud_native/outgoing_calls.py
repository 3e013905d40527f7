"""C207: how long a process waits for others."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.fetches import endless_fetches
from machgen.check.cloud_native.grpc_calls import waits_for_ever
from machgen.check.cloud_native.patterns import CALLS
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, Place, Role, rule, rules_in
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import whole

_BOUNDED = lazy_compile(r"\bcontext\.With(?:Timeout|Deadline)\(")


@rule(
    "C207",
    "Outgoing calls have timeouts",
    level=Level.WARNING,
    source="Nygard, Release It! (2nd ed. 2018) ch. 5: Timeouts; Google SRE Book ch. 22 (cascading failures)",
    mend="Give every call or its client a timeout shorter than your own caller's.",
    applies_when="a service that calls others",
    roles=(Role.SERVICE,),
)
def calls_bounded(facts: Facts, root: Root) -> Iterator[Answer]:
    """One slow neighbour holds every worker that waits for it: what it fails, you fail, and then who calls you. A call
    without a timeout waits for ever."""
    yield from _sessions(facts, root)
    for path in files_of(facts, root):
        for endings, call, words, pattern, said in CALLS:
            if not path.endswith(endings) or not facts.mentions(path, words):
                continue
            text = facts.prose(path)
            if (
                call not in text
                or "axios.defaults.timeout" in text
                or (endings[0] == ".go" and "http.DefaultClient.Timeout" in text)
            ):
                continue
            bounded = endings[0] == ".go" and _BOUNDED.search(text) is not None
            for at, match in facts.grep((path,), pattern):
                if bounded and ("Do(" in match[0] or "Client{" in match[0]):
                    continue  # the request carries a deadline
                if match[0] == "http.DefaultClient" and _has_deadlines(facts, root):
                    continue
                given = "".join(group or "" for group in match.groups())
                if ("timeout" in given.lower() and "None" not in given) or "signal" in given or "**" in given:
                    continue
                if not facts.lines(path)[at.line - 1].lstrip().startswith(("#", "//", "*")):
                    used = "handed on" if match[0] == "http.DefaultClient" else "called"
                    yield Flaw(
                        f"{match[0].split('(')[0].split('{')[0]} is {used} without a timeout: {said}",
                        Place(path, at.line),
                        f"{path}/{match[0][:60]}",
                    )
    yield from endless_fetches(facts, root)
    yield from waits_for_ever(facts, root)


def _has_deadlines(facts: Facts, root: Root) -> bool:
    """Whether a Go program gives any context a deadline: then who is handed a client may be given such a one."""
    return any(
        path.endswith(".go") and facts.mentions(path, _DEADLINES) and _BOUNDED.search(facts.prose(path))
        for path in files_of(facts, root)
    )


_DEADLINES = whole("WithTimeout", "WithDeadline")
_MADE = lazy_compile(
    r"(?<![\w.])((?:self\.)?\w{1,80})\s?(?::\s?[\w.]{1,80}\s?)?=\s?requests\.[sS]ession\(\)|"
    r"\bwith requests\.[sS]ession\(\) as (\w{1,80})"
)
_SESSION_CALL = r"(?<![\w.]){}\.(?:get|post|put|patch|delete|head|request)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"


def _sessions(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Calls by a session of requests'; an adapter that is mounted may give them a timeout."""
    for path in files_of(facts, root):
        if not path.endswith(".py") or not facts.mentions(path, _SESSION_WORDS):
            continue
        text = facts.prose(path)
        if "requests." not in text:
            continue  # another library's session, as of a database
        names = {match[1] or match[2] for match in _MADE.finditer(text)}
        for name in sorted(names) if ".mount(" not in text and "partial(" not in text else ():
            for at, match in facts.grep((path,), re.compile(_SESSION_CALL.format(re.escape(name)))):
                commented = facts.lines(path)[at.line - 1].lstrip().startswith("#")
                if not commented and "timeout" not in match[1].lower() and "**" not in match[1]:
                    message = f"{match[0].split('(')[0]} is called without a timeout: requests has none by default"
                    yield Flaw(message, Place(path, at.line), f"{path}/{match[0][:60]}")


_SESSION_WORDS = whole("Session", "session")


RULES = rules_in(vars())
