"""Which words stand in a text, asked for all rules at once.

Most patterns of the rules can only match where some word stands, and hardly any file has it. So a rule names such
words (`Words`) when its module loads, every text is split into its words once, and what is kept of it is one number:
a bit for each `Words` of which it has one. To ask is then to look at a bit.
"""

from collections.abc import Iterable

_LETTERS = bytes(each if chr(each).isalnum() or each == ord("_") else ord(" ") for each in range(128)).ljust(256)
"""What stands for each byte, so that `split` gives the words."""

_MOST = 200_000
"""Different words whose meaning is kept; a repository of 5,000 files has some ten thousand."""


class Words:
    """Words of which a text may have one: ASCII letters, digits and `_`.

    Args:
        parts: Parts of words; case counts. A line break stands for the beginning or the end of the word: `"\\nword\\n"`
            is the word itself. The empty text is in every file.
        folded: Whether parts, which are in lower case then, are looked for in words of any case.
    """

    __slots__ = ("bit", "folded", "parts")

    def __init__(self, *parts: str, folded: bool = False) -> None:
        self.parts = parts
        self.folded = folded
        self.bit = 1 << len(_EVERY)
        _EVERY.append(self)

    def __or__(self, other: "Words") -> "Words":
        """Return what asks for the words of both."""
        return Words(*self.parts, *other.parts, folded=self.folded and other.folded)


_EVERY: list[Words] = []
"""Those of all modules that are loaded, in the order of their bits."""


def whole(*words: str) -> Words:
    """Return what asks for these words themselves and for no longer ones."""
    return Words(*(f"\n{word}\n" for word in words))


class Vocabulary:
    """Tells which of the `Words` that are known when it is made each text has one of."""

    def __init__(self) -> None:
        self.limit = 1 << len(_EVERY)
        """The first bit that it knows nothing about."""
        self._always = 0
        self._plain: dict[bytes, int] = {}
        self._folded: dict[bytes, int] = {}
        self._whole: dict[bytes, int] = {}
        for words in _EVERY:
            for part in words.parts:
                self._ask(part.encode("ascii"), words)
        self._seen: set[bytes] = set()
        self._telling: dict[bytes, int] = {}
        self._known: set[bytes] = set()  # the keys of `_telling`, since sets intersect faster

    def _ask(self, part: bytes, words: Words) -> None:
        if not part:
            self._always |= words.bit
        elif words.folded:
            self._folded[part] = self._folded.get(part, 0) | words.bit
        elif part.startswith(b"\n") and part.endswith(b"\n"):
            self._whole[part[1:-1]] = self._whole.get(part[1:-1], 0) | words.bit
        else:
            self._plain[part] = self._plain.get(part, 0) | words.bit

    def told_by(self, text: str) -> int:
        """Return the bits of the `Words` of which a text has one."""
        return self.told_by_each([text])[0]

    def told_by_each(self, texts: Iterable[str]) -> list[int]:
        """Return what `told_by` does for some texts, sooner: what their new words tell is found out for all at once."""
        each = [set(text.encode("ascii", "replace").translate(_LETTERS).split()) for text in texts]
        if new := set().union(*each) - self._seen:
            self._learn(new)
        return [self._told_by(words) for words in each]

    def _told_by(self, words: set[bytes]) -> int:
        told = self._always
        for word in words & self._known:
            told |= self._telling[word]
        return told

    def _learn(self, new: set[bytes]) -> None:
        """Find out what words tell that were in no text before."""
        if len(self._seen) > _MOST:
            self._seen.clear()
        self._seen |= new
        for word in new & self._whole.keys():
            self._tell(word, self._whole[word])
        lines = b"\n".join([b"", *new, b""])
        for within, asked in ((lines, self._plain), (lines.lower(), self._folded)):
            for part, bits in asked.items():
                at = within.find(part) if part in within else -1
                while at >= 0:
                    # a part's own line breaks are the word's ends
                    first = lines.rfind(b"\n", 0, at + 1) + 1
                    end = lines.find(b"\n", max(first, at + 1))
                    self._tell(lines[first:end], bits)
                    at = within.find(part, end)

    def _tell(self, word: bytes, bits: int) -> None:
        self._telling[word] = self._telling.get(word, 0) | bits
        self._known.add(word)
