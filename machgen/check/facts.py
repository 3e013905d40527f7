"""What a repository's files say, extracted once, when the first rule asks."""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from machgen.check.document import Map, Seq, Unreadable, read_json, read_toml, read_yaml
from machgen.check.files import LARGEST, Files
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place
from machgen.check.vocabulary import Vocabulary, Words

if TYPE_CHECKING:
    from machgen.check.helm_process import Helm

T = TypeVar("T")

LARGEST_PROSE = 1_000_000
"""Characters of a file that patterns look through."""

LONGEST_LINE = 2_000
"""Characters of a line that patterns look through."""

_BATCH = 100
"""Files whose words are learned together."""

MOST_BLANKS = 1_000
"""Blanks and line breaks in a row that patterns look through: `\\s*` tries each of them as a beginning."""

_BESIDE = lazy_compile(
    r"(?:\A|/)(?:tests?|__tests__|specs?|e2e|docs?|documentation|examples?|samples?|fixtures?|testdata|testing|mocks?|"
    r"vendor|third[_-]?party|node_modules|site-packages|\.?venv|\.devcontainer|\.terraform|bower_components|"
    r"src/test|[^/]+[.-]tests?|[^/]*test-utils?|[^/]*[^/A-Z]Tests?)/"
)
_TEST_FILE = lazy_compile(
    r"(?:\A|/)(?:test_[^/]*\.py|[^/]*_test\.(?:py|go)|conftest\.py|[^/]*[.-](?:test|spec)\.[cm]?[jt]sx?|"
    r"[^/]*Tests?\.(?:java|kt|cs)|[^/]*_spec\.rb|[^/]*\btest\b[^/]*\.(?:pem|key|crt|p12|jks))\Z"
)


_GENERATED = lazy_compile(r"(?:_gen\.go|\.pb(?:\.gw)?\.go|_pb2(?:_grpc)?\.py|\.g\.cs|\.generated\.[a-z]+|_pb\.[jt]s)\Z")


def is_beside(path: str) -> bool:
    """See `Facts.is_beside`."""
    # below src/main stand packages, and `com/example` is one like any other
    beside = _BESIDE.search(path.partition("src/main/")[0])
    return bool(beside or _TEST_FILE.search(path) or _GENERATED.search(path))


class Facts:
    """The shared view that every rule gets.

    What a file says is parsed on the first question and kept. Further facts are functions of these: a module writes
    `def workloads(facts) -> ...` and asks for `facts.once(workloads)`, which runs it once.

    Args:
        files: The repository's files.
        base: The facts of an earlier revision to compare with; None where there is none.
        helm: Finds what renders Helm charts, when a rule first asks; None where none is to be asked.
    """

    def __init__(
        self, files: Files, base: "Facts | None" = None, helm: "Callable[[], Helm | None] | None" = None
    ) -> None:
        self.files = files
        self.base = base
        self.helm = helm
        self.paths: tuple[str, ...] = files.paths
        self.known = frozenset(files.paths)
        closed: dict[str, str] = getattr(files, "closed", {})  # a directory's; trees in memory have no such doors
        self.unreadable: dict[str, Unreadable] = {path: Unreadable(reason) for path, reason in closed.items()}
        """Files that a fact needed and that could not be read, with the reason; part of the report."""
        self.passed_over: dict[str, Unreadable] = {}
        """Files that can be read and that patterns do not look through, with the reason; part of the report too."""
        self._kept: dict[Any, Any] = {}
        self._texts: dict[str, str] = {}
        self._names: dict[str, list[str]] | None = None
        self._vocabulary = Vocabulary()
        self._mentioned: dict[str, int] = {}
        self._lender: Callable[[], dict[str, int] | None] | None = None

    def once(self, extract: "Callable[[Facts], T]") -> T:
        """Return what `extract` makes of these facts; it runs on the first call only."""
        if extract not in self._kept:
            self._kept[extract] = extract(self)
        result: T = self._kept[extract]
        return result

    def named(self, *names: str) -> Iterator[str]:
        """Give the paths whose last part is one of `names`, letters folded, in order."""
        if self._names is None:
            self._names = {}
            for path in self.paths:
                self._names.setdefault(path.rpartition("/")[2].lower(), []).append(path)
        index = self._names
        yield from sorted({path for name in names for path in index.get(name.lower(), ())})

    def ending(self, *suffixes: str) -> Iterator[str]:
        """Give the paths that end in one of `suffixes` (with the dot), letters folded, in order."""
        low = tuple(suffix.lower() for suffix in suffixes)
        yield from (path for path in self.paths if path.lower().endswith(low))

    def below(self, directory: str) -> Iterator[str]:
        """Give the paths below a directory, in order; all of them for the empty one."""
        if not directory:
            yield from self.paths
            return
        # the paths are sorted, so what is below a directory stands together; `0` is the character after `/`
        first, last = bisect_left(self.paths, f"{directory}/"), bisect_left(self.paths, f"{directory}0")
        yield from self.paths[first:last]

    def has_directory(self, path: str) -> bool:
        """Whether a directory holds files."""
        return next(iter(self.below(path)), None) is not None

    def is_beside(self, path: str) -> bool:
        """Whether a path is a test, a sample, documentation, vendored or generated: it does not weigh as production."""
        key = ("beside", path)
        if key not in self._kept:
            self._kept[key] = is_beside(path)
        kept: bool = self._kept[key]
        return kept

    def text(self, path: str) -> str | None:
        """Return a file's text; None where it is missing, or unreadable, too large or binary, which is reported."""
        key = ("text", path)
        if key not in self._kept:
            self._kept[key] = self._read(path)
        kept: str | None = self._kept[key]
        return kept

    def _read(self, path: str) -> str | None:
        if path not in self.known:
            return None
        try:
            if self.files.size(path) > LARGEST:
                self.unreadable[path] = Unreadable(f"larger than {LARGEST // 1_000_000} MB")
                return None
            data = self.files.read(path)
        except OSError as error:
            self.unreadable[path] = Unreadable(error.strerror or str(error))
            return None
        if b"\0" in data[:8192]:
            if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
                self.unreadable[path] = Unreadable("binary")
                return None
            text = data.decode("utf-16", "replace")
        else:
            try:
                text = data.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n")
            except UnicodeDecodeError:
                text = data.decode("latin-1").replace("\r\n", "\n")
        return self._texts.setdefault(text, text)

    def prose(self, path: str) -> str:
        """Return a file's text for patterns to look through; empty where it has none.

        Lines longer than a person writes are empty here (the numbers of the others stay), and so are whole files that
        are larger or nearly blank: bundles and data, on which a pattern could take for ever.
        """
        key = ("prose", path)
        if key not in self._kept:
            text = self.text(path) or ""
            if len(text) > LARGEST_PROSE:
                self.passed_over[path] = Unreadable("larger than 1 MB: not looked through")
                text = ""
            if len(text) > LONGEST_LINE and max(map(len, lines := text.split("\n"))) > LONGEST_LINE:
                text = "\n".join(line if len(line) <= LONGEST_LINE else "" for line in lines)
            if len(text) > MOST_BLANKS and _has_void(text):
                self.passed_over[path] = Unreadable("a thousand blanks in a row: not looked through")
                text = ""
            self._kept[key] = self._texts.setdefault(text, text)
        kept: str = self._kept[key]
        return kept

    def told(self, path: str, read: "Callable[..., T]", *about: object) -> T:
        """Return what `read` makes of a file's prose and of `about`.

        It runs once for equal texts: services that are made from one template share most of their files.
        """
        text = self.prose(path)
        key = (read, text, *about)
        if key not in self._kept:
            self._kept[key] = read(text, *about)
        kept: T = self._kept[key]
        return kept

    def mentions(self, path: str, words: Words) -> bool:
        """Whether a file's prose has one of `words`.

        A pattern walks through a text a hundred times slower than this; rules ask it first, with words of which every
        match of their pattern holds one.
        """
        if words.bit >= self._vocabulary.limit:  # of a module that was loaded since
            self._vocabulary = Vocabulary()
            self._mentioned.clear()
            self._lender = None  # which knows nothing of them either
        mentioned = self._mentioned.get(path)
        if mentioned is None and self._has_borrowed():
            mentioned = self._mentioned.get(path)
        if mentioned is None:
            mentioned = self.split(path)
        return mentioned & words.bit != 0

    def split(self, path: str) -> int:
        """Split a file's prose into words, so that `mentions` can tell; the bits of the `Words` that it has."""
        told = self._mentioned[path] = self.told(path, self._vocabulary.told_by)
        return told

    def split_all(self, paths: Iterable[str]) -> dict[str, int]:
        """Do what `split` does for many files, sooner."""
        if self._lender:
            self._has_borrowed()
        asked = list(paths)
        texts = {path: self.prose(path) for path in asked if path not in self._mentioned}
        told: dict[str, int] = {}
        waiting = iter(dict.fromkeys(texts.values()))
        while batch := list(islice(waiting, _BATCH)):
            told.update(zip(batch, self._vocabulary.told_by_each(batch), strict=True))
        self._mentioned |= {path: told[text] for path, text in texts.items()}
        return {path: self._mentioned[path] for path in asked}

    def borrow(self, lender: "Callable[[], dict[str, int] | None]") -> None:
        """Let another process, which sees the same files, split them: its answers are fetched on the first question."""
        self._lender = lender

    def _has_borrowed(self) -> bool:
        """Fetch what another process split, where there is one and it was not done before."""
        lender, self._lender = self._lender, None
        lent = lender() if lender else None
        self._mentioned |= lent or {}
        return bool(lent)

    def glance(self, path: str, marks: tuple[re.Pattern[bytes], ...], words: Words) -> str:
        """Return what `prose` does where a file holds one of `marks`, else nothing.

        Every mark has one of `words` in it: where a file's words are known, nobody has to look through it once more.

        For looks into every file there is: what no rule has read yet is neither decoded nor kept without need. Patterns
        that begin with some letters of their own are found several times faster than one that has them as alternatives,
        and faster than the same letters by `in`.
        """
        key = ("text", path)
        if self._lender:
            self._has_borrowed()
        if path in self._mentioned:
            return self.prose(path) if self.mentions(path, words) else ""
        if key in self._kept:
            prose = self.prose(path)
            data = prose.encode("utf-8", "replace")
            return prose if any(mark.search(data) for mark in marks) else ""
        try:
            data = self.files.read(path) if self.files.size(path) <= LARGEST else b""
        except OSError as error:
            self.unreadable[path] = Unreadable(error.strerror or str(error))
            return ""
        # Python's hash is keyed at random, so that nobody can make two files meet in it
        same = (marks, len(data), hash(data))
        if same not in self._kept:
            self._kept[same] = not data or b"\0" in data[:8192] or any(mark.search(data) for mark in marks)
        if not self._kept[same]:
            return ""
        prose = self.prose(path)
        self._kept.pop(key, None)
        self._kept.pop(("prose", path), None)
        return prose

    def lines(self, path: str) -> list[str]:
        """Return the lines of `prose`; none where a file has no text."""
        return self.told(path, _lines)

    def yaml(self, path: str) -> list[Any]:
        """Return a YAML file's documents; none where it cannot be read."""
        documents: list[Any] = self._parsed(path, read_yaml, [])
        return documents

    def json(self, path: str) -> Any:
        """Return a JSON file's value, with lines; None where it cannot be read."""
        return self._parsed(path, read_json, None)

    def toml(self, path: str) -> Map:
        """Return a TOML file's table; an empty one where it cannot be read."""
        table: Map = self._parsed(path, read_toml, Map())
        return table

    def _parsed(self, path: str, parse: Callable[[str], Any], otherwise: Any) -> Any:
        text = self.text(path)
        if text is None:
            return otherwise
        key = (parse, text)
        if key not in self._kept:
            try:
                self._kept[key] = parse(text)
            except Unreadable as error:
                self._kept[key] = error
        value = self._kept[key]
        if isinstance(value, Unreadable):
            self._learn(path, value)
            return otherwise
        return value

    def _learn(self, path: str, error: Unreadable) -> None:
        # a file may be read as YAML and as JSON: which of its errors is told does not hang on who read it first
        known = self.unreadable.get(path, error)
        self.unreadable[path] = min(known, error, key=lambda each: (each.line, each.reason))

    def learn(self, unreadable: dict[str, Unreadable], passed_over: dict[str, Unreadable]) -> None:
        """Take over what others found out about files that cannot be read, in facts about the same repository."""
        for path, error in unreadable.items():
            self._learn(path, error)
        self.passed_over |= passed_over

    def unread(self) -> tuple[tuple[str, int, str], ...]:
        """Return path, line and reason of every file that could not be read, or not be looked through, by path."""
        every = self.passed_over | self.unreadable
        return tuple((path, error.line, error.reason) for path, error in sorted(every.items()))

    def grep(
        self, paths: "Iterator[str] | tuple[str, ...]", pattern: re.Pattern[str]
    ) -> Iterator[tuple[Place, re.Match[str]]]:
        """Give every match of a pattern in the texts of `paths`, with its place."""
        for path in paths:
            for line, column, match in self.told(path, _matches, pattern):
                yield Place(path, line, column), match


def _has_void(text: str) -> bool:
    """Whether there are more blanks in a row than a person writes."""
    # so many in a row fill one of these pieces, wherever they begin
    piece = MOST_BLANKS // 2
    return any(text[at : at + piece].isspace() for at in range(0, len(text) - piece + 1, piece))


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _matches(text: str, pattern: re.Pattern[str]) -> list[tuple[int, int, re.Match[str]]]:
    found = []
    line, counted = 1, 0
    for match in pattern.finditer(text):
        start = match.start()
        line, counted = line + text.count("\n", counted, start), start
        found.append((line, start - text.rfind("\n", 0, start), match))
    return found


def place(path: str, holder: object, key: str | int | None = None) -> Place:
    """Return the place of a key or an item in a parsed mapping or sequence, or of the value itself.

    Args:
        path: The file that `holder` was parsed from.
        holder: A `Map` or `Seq`; anything else is the file's first line.
        key: The key or index; None for `holder` itself.
    """
    if isinstance(holder, Map):
        path = holder.path or path
        if isinstance(key, str):
            if key in holder.origins:
                return Place(*holder.origins[key])
            return Place(path, holder.line_of(key), holder.columns.get(key, 1))
        return Place(path, holder.line, holder.column)
    if isinstance(holder, Seq):
        return Place(path, holder.line_of(key) if isinstance(key, int) else holder.line)
    return Place(path)


_NO_NAME = bytes(each for each in range(128) if not chr(each).isalnum())


def squeezed(text: str) -> str:
    """Return the ASCII letters and digits of a text, letters folded: what binders that are relaxed compare."""
    return text.lower().encode("ascii", "ignore").translate(None, _NO_NAME).decode("ascii")


def blanked(text: str) -> str:
    """Return as many spaces as a text has characters, with its line breaks where they were."""
    return "\n".join(" " * len(line) for line in text.split("\n"))


def join(directory: str, name: str) -> str | None:
    """Return the repository path of a name written in `directory`; None where it leaves the repository."""
    path = posixpath.normpath(posixpath.join(directory, name))
    if path.startswith(("../", "/")) or path == "..":
        return None
    return "" if path == "." else path


def parent(path: str) -> str:
    """Return the directory of a path; empty for the repository's own."""
    return path.rpartition("/")[0]
