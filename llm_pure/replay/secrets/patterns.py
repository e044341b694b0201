"""Patterns of secrets in text: values of telling names, shapes of keys, keys inside base64, high-entropy runs.

`mask_text` replaces secrets of known forms. `high_entropy_runs` finds runs of characters that may be unknown API keys; ids,
signatures and base64 data are excluded by their names and formats. Texts are bytes of any kind, one character for each
byte (latin-1), so a rule cannot change what it does not know. Pure.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from llm_pure.types.redact import SECRET_PATTERN, is_secret_name, may_hold_key
from llm_pure.types.secret_fields import mask_secret_fields
from llm_pure.types.secret_spellings import Mask, mask_encoded, mask_secrets, same_length

_ORGANISATION = re.compile(
    r"(?:org(?<![A-Za-z0-9]org)|proj(?<![A-Za-z0-9]proj))[-_][A-Za-z0-9]{16,}"  # OpenAI, Groq
)
_ARN_ACCOUNT = re.compile(r"(:)(\d{12})(?=:[a-z-]+/)")
_ARN_ACCOUNT_IN_URL = re.compile(r"(%3A)(\d{12})(?=%3A[a-z-]+%2F)")

_PRIVATE_KEY = re.compile(
    r"(?<=-----BEGIN )([A-Z ]*PRIVATE KEY-----)((?:[^-]|-(?!----))*+)(?=-----END [A-Z ]*PRIVATE KEY-----)"
)
_BREAK = r"(?:\\{1,4}r\\{1,4}n|\\{1,4}n|\r?\n)"
_BREAKS = re.compile(f"({_BREAK})")
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_-])((?<=\\)(?:[nrtbf]|u[0-9A-Fa-f]{4})|(?<=%)[0-9A-Fa-f]{2}|)"
    rf"([A-Za-z0-9+/_-]{{24,}}+(?:{_BREAK}[A-Za-z0-9+/_-]{{2,}}+)*+)"
)
"""The rest of an escape, and base64 in one or more lines."""

_LONG_RUN = re.compile(r"[A-Za-z0-9+/]{200,}")


def mask_text(
    text: str,
    mask: Mask,
    is_secret: Callable[[str], bool] = is_secret_name,
    names: str = "",
    secrets: Sequence[str] = (),
) -> str:
    """Mask all secrets of a text.

    is_secret: whether the text under a JSON name is a secret, in JSON inside JSON strings too. names: a pattern of further
    such names, of any characters. secrets: known secrets, masked wherever they occur.
    """
    text = mask_secrets(text, secrets, mask)
    text = mask_secret_fields(text, mask, is_secret)
    if names:
        text = _named(names).sub(
            lambda match: (match[1] or match[3]) + mask(match[2] or match[4]), text
        )
    if "PRIVATE KEY-----" in text:
        text = _PRIVATE_KEY.sub(lambda match: match[1] + mask(match[2]), text)
    text = _BASE64.sub(lambda match: match[1] + _mask_inside(match[2]), text)
    if may_hold_key(text):
        text = _mask_shapes(text, mask)
    return mask_accounts(text, mask)


def mask_accounts(text: str, mask: Mask) -> str:
    """Mask the ids of organisations, projects and AWS accounts."""
    if "org" in text or "proj" in text:
        text = _ORGANISATION.sub(lambda match: mask(match[0]), text)
    text = _ARN_ACCOUNT.sub(lambda match: match[1] + mask(match[2]), text)
    return _ARN_ACCOUNT_IN_URL.sub(lambda match: match[1] + mask(match[2]), text)


@lru_cache(maxsize=16)
def _named(names: str) -> re.Pattern[str]:
    # Quotes have as many backslashes as the JSON is deep inside strings; a value ends at a quote without its escapes.
    return re.compile(
        rf'((?<!\\)"(?i:{names})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")'
        rf'|((?<=\\)"(?i:{names})\\+"\s*:\s*\\+")((?:[^"\\]|\\+[^"\\])+)(?=\\+")',
        re.DOTALL,
    )


def _mask_shapes(text: str, mask: Mask) -> str:
    runs = [run.span() for run in _LONG_RUN.finditer(text)]
    position = 0

    def masked(match: re.Match[str]) -> str:
        # The first letters of a key's shape occur by chance in a megabyte of base64: skip matches inside a long run.
        nonlocal position
        while position < len(runs) and runs[position][1] < match.end():
            position += 1
        inside = position < len(runs) and runs[position][0] < match.start()
        return match[0] if inside else mask(match[0])

    return SECRET_PATTERN.sub(masked, text)


def _mask_inside(run: str, depth: int = 1) -> str:
    """Mask keys in the text that a run encodes as base64, once or twice. Returns the run if it encodes none."""
    if "\\" in run or "\n" in run:
        pieces = _BREAKS.split(run)  # lines at even indexes, breaks at odd ones
        masked = _mask_inside("".join(pieces[::2]), depth)
        begin = 0
        for index in range(0, len(pieces), 2):
            end = begin + len(pieces[index])
            pieces[index] = masked[begin:end]
            begin = end
        return "".join(pieces)

    def mask_decoded(data: str) -> str:
        if may_hold_key(data):
            data = SECRET_PATTERN.sub(lambda match: same_length(match[0]), data)
        if depth:
            data = _BASE64.sub(lambda match: match[1] + _mask_inside(match[2], depth - 1), data)
        return data

    return mask_encoded(run, mask_decoded)


MIN_LENGTH = 28
"""Minimum number of letters and digits of a high-entropy run."""

MIN_CLASS_CHANGES = 0.28
"""Minimum share of characters followed by a character of another class (lower, upper, digit), without capitals that begin
a word. Random text has 0.45, hexadecimal 0.47, lower case with digits 0.4; WordsThatAreJoined stay below 0.25."""

MIN_ENTROPY_BITS = 3.2
"""Minimum entropy for each character; a repeating pattern has less."""

DATA_LENGTH = 512
"""Runs from this length on are data, such as audio, not keys. Long secrets such as JWTs have a known shape."""

RANDOM_NAMES = re.compile(
    r"(?s)(?i:(?:.*[_-])?ids?)|.*[a-z0-9]I[dD]s?|(?i:(?:thought|)[_-]?signature|encrypted[_-]?[a-z]+|redacted[_-]?thinking|rendered[_-]?content|data|b64[_-]json"
    r"|bytes|system[_-]fingerprint|obfuscation|embeddings?|p|(?:content[_-])?hash|sha256|digest|etag|finger[_-]?print"
    r"|cached[_-]?content|prompt[_-]cache[_-]key|.*request-?id|.*trace.*|.*uri|url|.*[_-]url|name|model|.*version)"
)
"""JSON and header names under which providers put random values themselves."""

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
_MIN_MEDIA_LENGTH = 40
_SPLIT = re.compile(r"[^A-Za-z0-9]+")
_CLASSES = str.maketrans(
    {
        **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"),
        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"),
        **dict.fromkeys("0123456789", "0"),
    }
)


def high_entropy_runs(text: str) -> Iterator[str]:
    """Yield the runs of characters that look random and are no known id, image or document.

    >>> list(high_entropy_runs("use k7Qp2Zx9Lm4Vb8Nc3Rt6Ys1Wd5Fg0Hj2KqA, please"))
    ['k7Qp2Zx9Lm4Vb8Nc3Rt6Ys1Wd5Fg0Hj2KqA']
    >>> list(high_entropy_runs("accounts/fireworks/models/llama-v3p1-405b-instruct-2024-08-06"))
    []
    """
    for match in _RUN.finditer(text):
        run = _UUID.sub("", match[0])
        if len(run) >= DATA_LENGTH or _KNOWN_IDS.fullmatch(run):
            continue
        if len(run) >= _MIN_MEDIA_LENGTH and _MEDIA.match(run):
            continue
        if is_random(run) and not _encodes_text(run):
            yield run


def is_random(run: str) -> bool:
    """Return whether a run looks random. Separators are ignored."""
    words = [word for word in _SPLIT.split(run) if word]
    letters = "".join(words)
    if len(letters) < MIN_LENGTH:
        return False
    changes = 0
    for word in words:
        classes = word.translate(_CLASSES)
        changes += sum(map(str.__ne__, classes, classes[1:])) - classes.count("Aa")
    pairs = len(letters) - len(words)
    return (
        pairs > 0 and changes / pairs >= MIN_CLASS_CHANGES and _entropy(letters) >= MIN_ENTROPY_BITS
    )


def _encodes_text(run: str) -> bool:
    """Return whether a run is base64 of readable text, which is searched for keys by their shapes."""
    try:
        text = base64.b64decode(run[: len(run) // 4 * 4], validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return text.replace("\n", "").replace("\t", "").isprintable()


def _entropy(text: str) -> float:
    """Return the entropy of a text in bits for each character."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum([share * math.log2(share) for share in shares])
