"""How secrets stand in a text: as the value of a telling name, shaped like a key, inside of base64.

The text is bytes of any kind, one character for each byte (latin-1), so that a rule can't change what it does not know.
"""

import base64
import binascii
import re
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
