"""Regular expressions that are compiled when they are first used.

The rules know some three hundred patterns, and a repository gives reason to look for a few of them. To compile them all
takes longer than to judge a service.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class LazyPattern:
    """Stands for a compiled pattern, whose methods it takes over on the first use of any of them."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self.compiling_flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled: re.Pattern[Any] = re.compile(self.pattern, self.compiling_flags)
        for each in _METHODS:
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def lazy_compile(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` does, and compile it when it is first used.

    Args:
        pattern: The regular expression.
        flags: `re`'s flags.

    Returns:
        A pattern with the methods and the attribute `pattern` of a compiled one.
    """
    return cast("re.Pattern[AnyStr]", LazyPattern(pattern, flags))


@contextmanager
def lazily_compiled() -> Iterator[None]:
    """Give modules of others that load meanwhile patterns that are compiled when they are first used.

    For a library that compiles at import what its caller never uses. No other thread may load modules at that time.
    """
    compile_ = re.compile
    re.compile = lazy_compile  # type: ignore[assignment]  # one of its overloads would take a compiled pattern
    try:
        yield
    finally:
        re.compile = compile_
