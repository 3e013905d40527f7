"""What looks like a secret, and what only looks like one. Used by every rule about secrets."""

import math
import re

from machgen.check.lazy_regex import lazy_compile

_NAME = lazy_compile(
    r"(?:\A|[_.\-]|(?<=[a-z]))(?:password|passwd|passphrase|secret(?:s|[_.-]?key)?|token|api[_.-]?key|"
    r"access[_.-]?key|private[_.-]?key|"
    r"client[_.-]?secret|credentials?|signing[_.-]?key|encryption[_.-]?key|auth[_.-]?key)\Z",
    re.IGNORECASE,
)
_SPLIT = lazy_compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACEHOLDER = lazy_compile(
    r"change[_ -]?(?:me|this|it)|placeholder|example|your[_ -]|replace|to[_ -]?be|dummy|fake|sample|insert|"
    r"redacted|x{3,}|\*{3,}|"
    r"<[^<>]{0,200}>|\.\.\.|todo|fixme|not[_ -]?(?:set|used|a[_ -]secret)|\Anone\Z|\Anull\Z|\Atrue\Z|\Afalse\Z|"
    r"\Aundefined\Z|\A\d+[smhd]?\Z",
    re.IGNORECASE,
)
_REFERENCE = lazy_compile(
    r"[$]|\{\{|%\(|\Aenv[.:(]|\Avault:|\Aref\+|\Aaws[_-]?sm|\A(?:arn|op|projects|sops|ENC)\b|\A/|\Afile:|"
    r"\Ahttps?://[^@]*\Z|\b(?:secrets|vars)\."
)


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name holds a secret; `..._FILE`, `..._URL`, `TOKEN_TTL` do not."""
    return bool(_NAME.search(_SPLIT.sub("_", name)))


def is_secret_value(value: object) -> bool:
    """Whether a value is the secret itself: not empty, not a reference, not a placeholder that nobody could use."""
    if not isinstance(value, str) or len(value) < 3:
        return False
    return not _REFERENCE.search(value) and not _PLACEHOLDER.search(value)


def is_placeholder(value: str) -> bool:
    """Whether a value only marks where a secret goes."""
    return bool(_PLACEHOLDER.search(value))


def entropy(text: str) -> float:
    """Shannon entropy in bits per character: random keys have above 3.5, words below 3.2."""
    if not text:
        return 0.0
    shares = [text.count(character) / len(text) for character in set(text)]
    return -sum(share * math.log2(share) for share in shares)
