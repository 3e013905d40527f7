"""Rules ask for words before they look closer: what is said to be missing is missing."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from machgen.check.cloud_native.contents import _MARKED, _MARKS
from machgen.check.facts import Facts
from machgen.check.files import TreeFiles
from machgen.check.vocabulary import Vocabulary, Words, whole
from machgen.tree import File, Tree
from tests.running import PATIENCE

REPOSITORY = Path(__file__).parents[2]

CASES = (
    (whole("db"), "db.get()", "the_db = dbs"),
    (Words("lyway"), "Flyway flyway", "fly way"),
    (Words("\nHttp"), "[HttpGet]", "useHttp"),
    (Words("_publish\n"), "x.basic_publish(", "publish _publisher"),
    (Words("secret_key\n", folded=True), "JWT_SECRET_KEY = 1", "secret_keys"),
    (Words("\njwt\n", folded=True), "Jwt.sign", "jwts"),
    (whole("store") | Words("Memory"), "MemoryStore", "memory restore"),
    (Words(""), "", None),
)


@pytest.mark.parametrize(("words", "text", "other"), CASES)
def test_parts_beginnings_ends_and_whole_words_are_told_apart(words: Words, text: str, other: str | None) -> None:
    """A line break in what is asked for is the word's beginning or end; only `folded` takes any case."""
    vocabulary = Vocabulary()

    assert vocabulary.told_by(text) & words.bit
    assert other is None or not vocabulary.told_by(other) & words.bit


def test_a_word_is_told_of_every_text_that_has_it() -> None:
    """Whatever was read before, also where a text has few words of its own: as if each were looked through alone."""
    chance = random.Random(7)  # noqa: S311 - no secret
    asked = [Words(*chance.sample(["ab", "\nab", "ab\n", "\nab\n", "ba", "a", "bb\n"], 2)) for _ in range(12)]
    vocabulary = Vocabulary()
    for _ in range(400):
        text = "".join(chance.choices("abB_ é.\n", k=chance.randrange(12)))
        listed = "\n".join(["", *re.findall("[a-zA-Z_]+", text), ""])
        first, told = Vocabulary().told_by_each(["ab", text])[1], vocabulary.told_by(text)

        assert first == told
        assert [any(part in listed for part in each.parts) for each in asked] == [
            bool(told & each.bit) for each in asked
        ]


def test_words_of_a_module_that_loads_later_are_told_too() -> None:
    """A company's rules, for one: what was read before is read again."""
    facts = Facts(TreeFiles(Tree({"a.py": File(b"import lumberjack\n")})))
    before = facts.mentions("a.py", whole("import"))
    later = whole("lumberjack")

    assert before
    assert facts.mentions("a.py", later)
    assert not facts.mentions("a.py", whole("lumber"))


def test_what_another_process_split_is_taken_only_while_it_knows_all_words() -> None:
    """It is asked once, for all files; what it does not tell is split here."""
    known = whole("import")
    files = TreeFiles(Tree({"a.py": File(b"import x\n"), "b.py": File(b"import x\n")}))
    facts, older = Facts(files), Facts(files)
    lent = [{"a.py": 0}, {"a.py": 0}]
    for each in (facts, older):
        each.borrow(lent.pop)
    later = whole("x")

    assert [False, True] == [facts.mentions(path, known) for path in ("a.py", "b.py")]
    assert [{"a.py": 0}] == lent
    assert older.mentions("a.py", later)


def test_every_rule_names_its_words_before_a_file_is_read() -> None:
    """Otherwise each file of a large repository would be split into words once more."""
    named = [path for path in (REPOSITORY / "machgen/check").rglob("*.py") if "vocabulary import" in path.read_text()]
    modules = {path.relative_to(REPOSITORY).with_suffix("").as_posix().replace("/", ".") for path in named}
    code = "import sys; from machgen.check.registry import all_rules; all_rules(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True)

    assert set() == modules - set(done.stdout.split())


@pytest.mark.parametrize(
    "token",
    ["AKIAIOSFODNN7", "ghs_a", "github_pat_a", "glpat-a", "xoxb-a", "AIzaSy", "rk_live_a", "npm_a", "pypi-AgEI",
     "AccountKey=a", "SG.a", "-----BEGIN PRIVATE KEY-----"],
)  # fmt: skip
def test_a_mark_of_a_credential_has_a_word_that_is_asked_for(token: str) -> None:
    """The look through every file finds the same whether its words are known or not."""

    assert any(mark.search(token.encode()) for mark in _MARKS)
    assert Vocabulary().told_by(f'x = "{token}"') & _MARKED.bit
