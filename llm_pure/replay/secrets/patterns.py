"""How secrets stand in a text: as the value of a telling name, shaped like a key, inside of base64.

The text is bytes of any kind, one character for each byte (latin-1), so that a rule can't change what it does not know.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from llm_pure.types.redact import SECRET_PATTERN

Mask = Callable[[str], str]
"""What is written in place of a secret."""


def three_stars(secret: str) -> str:
    """The same for all secrets."""
    return "***"


def same_length(secret: str) -> str:
    """A star for each byte, so that what stands around it does not move."""
    return "*" * len(secret)


ACCOUNT_PATTERNS = re.compile(
    r"(?<![A-Za-z0-9])(?:org|proj)[-_][A-Za-z0-9]{16,}"  # OpenAI, Groq
    r"|(?<=:)\d{12}(?=:[a-z-]+/)|(?<=%3A)\d{12}(?=%3A[a-z-]+%2F)"  # the account in an AWS ARN
)
"""Whose account it was: organisations, projects, AWS accounts."""

_PRIVATE_KEY = re.compile(
    r"(?<=-----BEGIN )([A-Z ]*PRIVATE KEY-----)(.*?)(?=-----END [A-Z ]*PRIVATE KEY-----)", re.DOTALL
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{24,}")
_LONG_RUN = re.compile(r"[A-Za-z0-9+/]{200,}")


def mask_text(text: str, mask: Mask, names: str, secrets: Sequence[str] = ()) -> str:
    """The text without secrets. `names`: a pattern for names in JSON whose text is one, in JSON within JSON too.

    secrets: known ones, which are taken out wherever they stand.
    """
    text = mask_values(text, mask, secrets)
    text = _named(names).sub(
        lambda found: (found[1] or found[3]) + mask(found[2] or found[4]), text
    )
    text = _PRIVATE_KEY.sub(lambda found: found[1] + mask(found[2]), text)
    text = _BASE64.sub(lambda found: _mask_inside(found[0], secrets), text)
    return ACCOUNT_PATTERNS.sub(lambda found: mask(found[0]), _mask_shapes(text, mask))


def mask_values(text: str, mask: Mask, secrets: Sequence[str]) -> str:
    """The text without these secrets, the longest first, as one may hold another."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, mask(secret))
    return text


@lru_cache(maxsize=16)
def _named(names: str) -> re.Pattern[str]:
    # as many backslashes as the text is deep within other texts; a value ends at a quote that its own do not escape
    return re.compile(
        rf'((?<!\\)"(?i:{names})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")'
        rf'|((?<=\\)"(?i:{names})\\+"\s*:\s*\\+")((?:[^"\\]|\\+[^"\\])+)(?=\\+")',
        re.DOTALL,
    )


def _mask_shapes(text: str, mask: Mask) -> str:
    runs = [(run.start(), run.end()) for run in _LONG_RUN.finditer(text)]
    if not runs:
        return SECRET_PATTERN.sub(lambda found: mask(found[0]), text)
    within = _Within(iter(runs))

    def masked(found: re.Match[str]) -> str:
        # four letters of a key's beginning come up by chance in a megabyte of base64
        return found[0] if within(found.start(), found.end()) else mask(found[0])

    return SECRET_PATTERN.sub(masked, text)


class _Within:
    """Is a match inside of a run, and not at its start? Matches and runs come in order."""

    __slots__ = ("_begin", "_end", "_runs")

    def __init__(self, runs: Iterator[tuple[int, int]]) -> None:
        self._runs = runs
        self._begin, self._end = next(runs)

    def __call__(self, begin: int, end: int) -> bool:
        while self._end < end:
            found = next(self._runs, None)
            if found is None:
                return False
            self._begin, self._end = found
        return self._begin < begin


def _mask_inside(run: str, secrets: Sequence[str]) -> str:
    """The same base64 with the keys in what it says starred out; unchanged where it says none, or is no base64."""
    whole = run[: len(run) // 4 * 4]
    altchars = b"-_" if "-" in run or "_" in run else b"+/"
    try:
        said = base64.b64decode(whole, altchars, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return run
    masked = SECRET_PATTERN.sub(lambda found: same_length(found[0]), said)
    masked = mask_values(masked, same_length, secrets)
    if masked == said:
        return run
    return base64.b64encode(masked.encode("latin-1"), altchars).decode() + run[len(whole) :]


LENGTH = 28
"""A shorter run of letters and digits is not looked at."""

MIN_CLASS_CHANGES = 0.28
"""How often a letter is followed by one of another kind (lower, upper, digit), but for the capital of a word: 0.45 by
chance, 0.47 in hexadecimal, 0.4 in lower case with digits; WordsThatAreJoined stay below 0.25."""

ENTROPY_BITS = 3.2
"""For each character; a pattern that repeats has less."""

DATA_LENGTH = 512
"""A run as long as this is data, such as a piece of sound: no key is. Long ones with a shape, as JWTs, are known by it."""

RANDOM_NAMES = re.compile(
    r"(?i:(?:.*[_-])?ids?)|.*[a-z0-9]I[dD]s?|(?i:(?:thought|)[_-]?signature|encrypted[_-]?[a-z]+|redacted[_-]?thinking|rendered[_-]?content|data|b64[_-]json"
    r"|bytes|system[_-]fingerprint|obfuscation|embeddings?|p|(?:content[_-])?hash|sha256|digest|etag|finger[_-]?print"
    r"|cached[_-]?content|prompt[_-]cache[_-]key|.*request-?id|.*trace.*|.*uri|url|.*[_-]url|name|model|.*version)"
)
"""Names of JSON and headers under which the providers themselves put what is made by chance."""

_RUN = re.compile(r"[A-Za-z0-9+/=_.~-]{32,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KNOWN_IDS = re.compile(
    r"(?:chatcmpl|cmpl|msg|resp|call|toolu|tooluse|srvtoolu|rs|fc|req|gen|run|item|file|ws|ci|mcp|fp|batch|thread|asst|step|chatcmpl-tool"
    r"|container|cachedContents|as|img|snap|ig|conv|modr)[-_].*",
    re.DOTALL,
)
_MEDIA = re.compile(
    r"(?:iVBORw0KGgo|/9j/|R0lGOD|UklGR|JVBERi0|SUQz|T2dnUw|AAAA[A-Za-z0-9]{2}Rmd|Qk0|PHN2Zy|UEsDB|//[uv]|GkXfo)"
)
_LONG = 40
_SPLIT = re.compile(r"[^A-Za-z0-9]+")
_KINDS = str.maketrans(
    {
        **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"),
        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"),
        **dict.fromkeys("0123456789", "0"),
    }
)


def high_entropy_runs(text: str) -> Iterator[str]:
    """The runs of characters in a text that look made by chance and are no id, picture or document.

    >>> list(high_entropy_runs("use k7Qp2Zx9Lm4Vb8Nc3Rt6Ys1Wd5Fg0Hj2KqA, please"))
    ['k7Qp2Zx9Lm4Vb8Nc3Rt6Ys1Wd5Fg0Hj2KqA']
    >>> list(high_entropy_runs("accounts/fireworks/models/llama-v3p1-405b-instruct-2024-08-06"))
    []
    """
    for found in _RUN.finditer(text):
        run = found[0]
        if _UUID.search(run):
            run = _UUID.sub("", run)
        if len(run) >= DATA_LENGTH:
            continue
        if _KNOWN_IDS.fullmatch(run) or (len(run) >= _LONG and _MEDIA.match(run)):
            continue
        if is_random(run) and not _says_text(run):
            yield run


def is_random(run: str) -> bool:
    """Does this look made by chance? Separators count for nothing."""
    words = [word for word in _SPLIT.split(run) if word]
    letters = "".join(words)
    if len(letters) < LENGTH:
        return False
    changes = places = 0
    for word in words:
        kinds = word.translate(_KINDS)
        places += len(word) - 1
        changes += sum(map(str.__ne__, kinds, kinds[1:])) - kinds.count("Aa")  # how a word begins
    return places > 0 and changes / places >= MIN_CLASS_CHANGES and _bits(letters) >= ENTROPY_BITS


def _says_text(run: str) -> bool:
    """Is it base64 of words? Those are looked through by the shapes of keys."""
    whole = run[: len(run) // 4 * 4]
    try:
        said = base64.b64decode(whole, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return said.isprintable() or said.replace("\n", "").replace("\t", "").isprintable()


def _bits(text: str) -> float:
    return -sum(
        count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()
    )
