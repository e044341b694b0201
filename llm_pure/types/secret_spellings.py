"""Known secrets in a text, in any spelling: percent-encoded, escaped, in hex, in base64, broken into lines. Pure, linear.

A secret is looked for as it is, and in views of the text: without its escapes, without the escapes of that, and without
its line breaks. A view knows the way back, so what is masked is the text itself.
"""

import base64
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

Mask = Callable[[str], str]
"""Returns the text to write in place of a secret."""

MIN_SECRET_LENGTH = 4
"""Shorter known secrets are ignored: they are parts of words."""


def three_stars(secret: str) -> str:
    """Return `***` for any secret; stars stay, so that masking twice changes nothing."""
    return "***" if secret.strip("*") or not secret else secret


def same_length(secret: str) -> str:
    """Return a star for each character, so that positions around the secret stay."""
    return "*" * len(secret)


_ESCAPE = re.compile(
    r"%(?:25){0,4}[2-7][0-9A-Fa-f]"
    r"|\\{1,8}(?:(?:u|U0000)00[2-7][0-9A-Fa-f]|u\{[2-7][0-9A-Fa-f]\}|x[2-7][0-9A-Fa-f]|0[4-7][0-7]|1[0-7][0-7]|/)"
    r"|&(?:amp;){0,3}(?:#0{0,5}(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6]);?|#[xX]0{0,5}[2-7][0-9A-Fa-f];?"
    r"|(?:amp|quot|lt|gt|apos|plus|sol|equals|lowbar|hyphen|period|colon|commat|num|dollar);)"
)
"""Escaped printable ASCII characters: in URLs, in JSON and programs, in HTML; also escaped again."""

_HTML_NAMES = {
    "amp": "&", "quot": '"', "lt": "<", "gt": ">", "apos": "'", "plus": "+", "sol": "/", "equals": "=",
    "lowbar": "_", "hyphen": "-", "period": ".", "colon": ":", "commat": "@", "num": "#", "dollar": "$",
}  # fmt: skip


_INVISIBLE = "[\xad\u200b-\u200d\u2060\ufeff]"
"""Characters that nobody sees: a soft hyphen, spaces and joiners of no width."""

_INVISIBLE_BYTES = r"\xc2\xad|\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf"
"""The same as bytes of UTF-8, of a text that was decoded as latin-1."""

_BREAK = re.compile(
    rf"(?:\\{{1,8}}[rn]|[\r\n]|{_INVISIBLE}|{_INVISIBLE_BYTES}|\\{{1,8}}u(?:00ad|200[b-d]|2060|feff)"
    r"|%(?:25){0,4}0[AaDd]|&(?:amp;){0,3}#(?:1[03]|[xX]0{0,3}[aAdD]);)++[ \t]*+"
)
"""Line breaks and characters that nobody sees, also escaped; base64 of letters and of files has a break after 64 or 76 characters."""

_MARKS = re.compile(rf"[%\\&\r\n\xc2\xe2\xef]|{_INVISIBLE}")
_ROUNDS = 3
"""How often escapes are undone: percent-encoded JSON in HTML, for example."""


def mask_secrets(text: str, secrets: Iterable[str], mask: Mask) -> str:
    """Mask these secrets, also percent-encoded, escaped, in hex, as numbers, in base64 (of base64, hex or UTF-16
    too), and broken into lines.

    The longest first, as a secret may contain another. A secret in pieces that stand apart stays (in cassettes, the texts
    of successive events are joined for the search), and so do encryption, compression and further encodings.
    """
    known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    if not known or not text:
        return text
    for secret in known:
        for form in _forms(secret):
            text = text.replace(form, mask(form))
    known_long = [secret for secret in known if len(secret) >= MIN_SECRET_LENGTH]
    text = mask_spans(text, _hex_spans(text, known_long), mask)
    text = _mask_base64(text, known_long)
    return mask_spans(text, _spans_in_views(text, known), mask)


@lru_cache(maxsize=256)
def _forms(secret: str) -> tuple[str, ...]:
    """Return the plain forms of a secret, the longest first."""
    data = secret.encode("utf-8", "surrogatepass")
    forms = {secret, data.decode("latin-1"), quote(data, safe="")}
    forms.add(secret.replace("\\", "\\\\").replace('"', '\\"'))
    return tuple(sorted(forms, key=len, reverse=True))


@lru_cache(maxsize=256)
def _hex_forms(secret: str) -> tuple[str, ...]:
    """Return a secret in hex, also with a separator between bytes, and in base64 in hex, in lower case; and as lists of numbers."""
    data = secret.encode("utf-8", "surrogatepass")
    numbers = [f"0x{byte:02x}" for byte in data], [str(byte) for byte in data]
    lists = [mark.join(listed) for listed in numbers for mark in (", ", ",", " ")]
    in_base64 = [core.encode().hex() for core in _cores_of(data)]
    return (data.hex(), data.hex(":"), data.hex(" "), data.hex("-"), *lists, *in_base64)


def _lower(text: str) -> str:
    """Return the text with ASCII letters in lower case; positions stay, unlike with `str.lower`."""
    low = text.lower()
    return low if len(low) == len(text) else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _unescaped(escape: str) -> str:
    if escape[0] == "%":
        return chr(int(escape[-2:], 16))
    if escape[0] == "\\":
        code = escape.lstrip("\\")
        if code[0] in "01":
            return chr(int(code, 8))
        return "/" if code == "/" else chr(int(code.rstrip("}")[-2:], 16))
    name = escape.rstrip(";").rpartition(";")[2].removeprefix("&")
    if name[:1] != "#":
        return _HTML_NAMES[name]
    return chr(int(name.replace("#", "0"), 0) if name[1] in "xX" else int(name[1:]))


class _View(NamedTuple):
    """A text of which some pieces are replaced, such as its escapes, and the way back to positions in the text."""

    plain: str
    starts: list[int]
    """Positions of the replaced pieces in `plain`."""
    shifts: list[int]
    """How much is to be added to a position after as many of them."""
    source: "_View | None"

    def position(self, position: int) -> int:
        """Return the position in the text of a position in `plain`."""
        outer = position + self.shifts[bisect_left(self.starts, position)]
        return outer if self.source is None else self.source.position(outer)


def _view(
    text: str, pattern: re.Pattern[str], replace: Callable[[str], str], source: _View | None
) -> _View | None:
    """Return the view of a text with these pieces replaced, None without any."""
    pieces: list[str] = []
    starts: list[int] = []
    shifts = [0]
    done = size = 0
    for match in pattern.finditer(text):
        plain = replace(match[0])
        pieces += (text[done : match.start()], plain)
        size += match.start() - done
        starts.append(size)
        size += len(plain)
        done = match.end()
        shifts.append(done - size)
    return _View("".join(pieces) + text[done:], starts, shifts, source) if starts else None


def _views(text: str) -> Iterator[_View]:
    """Yield a text without its escapes, without the escapes of that, and without its line breaks."""
    view: _View | None = None
    plain = text
    if not _MARKS.search(text):
        return
    for _ in range(_ROUNDS):
        next_view = _view(plain, _ESCAPE, _unescaped, view)
        if next_view is None:
            break
        view, plain = next_view, next_view.plain
        yield view
    unbroken = _view(plain, _BREAK, lambda _: "", view)
    if unbroken is not None:
        yield unbroken


def _spans_in_views(text: str, secrets: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans of secrets of which some characters are escaped or which are broken into lines."""
    for view in _views(text):
        for begin, end in _plain_spans(view.plain, secrets):
            yield view.position(begin), view.position(end)


def secret_spans(text: str, secrets: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where these secrets are in a text, in each spelling that `mask_secrets` knows; spans may overlap."""
    yield from _plain_spans(text, secrets)
    yield from _spans_in_views(text, secrets)


def _plain_spans(text: str, secrets: Sequence[str]) -> Iterator[tuple[int, int]]:
    for secret in secrets:
        is_long = len(secret) >= MIN_SECRET_LENGTH
        for form in (*_forms(secret), *_cores(secret)) if is_long else _forms(secret):
            yield from _occurrences(text, form)
    yield from _hex_spans(text, [secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH])


def _hex_spans(text: str, secrets: Sequence[str]) -> Iterator[tuple[int, int]]:
    low = _lower(text)
    for secret in secrets:
        for form in _hex_forms(secret):
            yield from _occurrences(low, form)


def _occurrences(text: str, form: str) -> Iterator[tuple[int, int]]:
    begin = text.find(form) if form else -1
    while begin >= 0:
        end = begin + len(form)
        yield begin, end
        begin = text.find(form, end)


def mask_spans(text: str, spans: Iterable[tuple[int, int]], mask: Mask) -> str:
    """Mask these spans, which may overlap."""
    pieces: list[str] = []
    done = 0
    for begin, end in sorted(spans):
        if end > done:
            begin = max(begin, done)
            pieces += (text[done:begin], mask(text[begin:end]))
            done = end
    return "".join(pieces) + text[done:]


_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{4,}+")
_STANDARD = str.maketrans("-_", "+/")
_URL_SAFE = str.maketrans("+/", "-_")


def _cores_of(data: bytes) -> Iterator[str]:
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        core = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
        yield from (core, core.translate(_URL_SAFE))


@lru_cache(maxsize=256)
def _encoded_forms(secret: str) -> tuple[bytes, ...]:
    """Return what base64 may hold of a secret: itself, in hex, percent-encoded, and in UTF-16."""
    data = secret.encode("utf-8", "surrogatepass")
    percent = "".join([f"%{byte:02x}" for byte in data])
    wide = secret.encode("utf-16-le", "surrogatepass")
    texts = [data.hex(), data.hex().upper(), percent, percent.upper(), quote(data, safe="")]
    return tuple(dict.fromkeys([data, *[text.encode() for text in texts], wide]))


@lru_cache(maxsize=256)
def _cores(secret: str) -> frozenset[str]:
    """Return texts of which one is in every base64 of a text with the secret: what no neighbor changes."""
    cores = {core for form in _encoded_forms(secret) for core in _cores_of(form)}
    if len(secret) >= 2 * MIN_SECRET_LENGTH:
        once = _cores_of(secret.encode("utf-8", "surrogatepass"))
        cores |= {twice for core in once for twice in _cores_of(core.encode())}
    return frozenset(cores)


def _mask_base64(text: str, secrets: Sequence[str], depth: int = 1) -> str:
    cores = [core for secret in secrets for core in _cores(secret) if core in text]
    if not cores:
        return text
    return _BASE64_RUN.sub(lambda run: _mask_run(run[0], secrets, cores, depth), text)


def _mask_run(run: str, secrets: Sequence[str], cores: Sequence[str], depth: int) -> str:
    """Mask secrets in the text that a run encodes."""
    if not any(core in run for core in cores):
        return run

    def mask_decoded(data: str) -> str:
        for form in [form for secret in secrets for form in _encoded_forms(secret)]:
            plain = form.decode("latin-1")
            data = data.replace(plain, same_length(plain))
        return _mask_base64(data, secrets, depth - 1) if depth else data

    return mask_encoded(run, mask_decoded)


def mask_encoded(run: str, mask_decoded: Callable[[str], str]) -> str:
    """Mask what a run of base64 encodes, from any of its characters on, as text before it may look like base64.

    mask_decoded: masks decoded bytes as latin-1, without a change of their number, so the run keeps its length.
    """
    plain = before = run.translate(_STANDARD)
    for skipped in range(4):
        end = len(plain) - ((len(plain) - skipped) % 4 == 1)
        encoded = plain[skipped:end]
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("latin-1")
        masked = mask_decoded(data)
        if masked != data:
            encoded = base64.b64encode(masked.encode("latin-1")).decode()[: len(encoded)]
            plain = plain[:skipped] + encoded + plain[end:]
    if plain == before:
        return run
    changed = plain.translate(_URL_SAFE) if "-" in run or "_" in run else plain
    return "".join(
        [
            old if same == new else fresh
            for old, same, new, fresh in zip(run, before, plain, changed, strict=True)
        ]
    )


def mask_cut_secret(text: str, secrets: Sequence[str]) -> str:
    """Mask the beginning of a secret at the end of a text that was cut."""
    for secret in secrets:
        for length in range(len(secret) - 1, MIN_SECRET_LENGTH - 1, -1):
            if text.endswith(secret[:length]):
                return text[: len(text) - length] + "***"
    return text
