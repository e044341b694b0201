"""Texts that look as if chance had made them: a key of a shape that nobody told us about. Pure.

Ids, signatures and data are made by chance too; they are known by the names that they stand under, and by their shapes.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator

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
