"""Secrets of JSON by their place: under telling names, below `headers`, in pairs of a name and a value, in URLs.

Works on text, with JSON inside JSON strings, so on documents, streams, and what is cut or broken. Pure, linear.
"""

import re
from collections.abc import Callable, Iterator

from llm_pure.types.http import is_credential
from llm_pure.types.redact import is_secret_name, redact_urls
from llm_pure.types.secret_spellings import Mask, mask_spans

_REACH = 20_000
"""Maximum characters of an object with headers, and of a value inside a JSON string."""

_FIELD = re.compile(r'"([A-Za-z0-9_.$-]{1,100})(\\*+)"\s*+:\s*+(?:\\*+"|[{\[])')
"""The name and the begin of a text, an object or a list."""

_TEXT = re.compile(r'(?s)(?:[^"\\]++|\\.)*+')
_VALUE_NEXT = re.compile(r'\\*"\s*+,\s*+\\*"(?i:value)\\*"\s*+:\s*+\\*"')
_NAME_NEXT = re.compile(
    r'\\*"\s*+,\s*+\\*"(?i:name|key|header)\\*"\s*+:\s*+\\*"([A-Za-z0-9_-]{1,100})\\*"'
)
_TOKEN = re.compile(r'(?<!\\)\\*+"|[{}\[\]]')
_BELOW_HEADERS = re.compile(r"(?i)(?:[a-z0-9_-]*[a-z0-9][_-]?)?headers")
_BELOW_CREDENTIALS = re.compile(
    r"(?i)(?:[a-z0-9_-]{0,40}[_-])?(?:authentication|credentials?|auth)"
)
_SCHEMA = re.compile(
    r'\s*+\\*"(?:type\\*"\s*+:\s*+\\*"(?:object|string|array)|\$ref|anyOf|description)\\*"'
)

_Span = tuple[int, int]


def mask_secret_fields(
    text: str, mask: Mask, is_secret: Callable[[str], bool] = is_secret_name
) -> str:
    """Mask the secrets of a text by their names and places. is_secret: whether the text under a name is one.

    >>> mask_secret_fields('{"webhook_secret":"a","headers":{"X-A":"b"},"url":"https://h/?sig=c"}', lambda _: "***")
    '{"webhook_secret":"***","headers":{"X-A":"***"},"url":"https://h/?sig=***"}'
    """
    return redact_urls(mask_spans(text, _secret_spans(text, is_secret), mask), mask)


def _secret_spans(text: str, is_secret: Callable[[str], bool]) -> Iterator[_Span]:
    if '"' not in text:
        return
    position = 0
    while (head := _FIELD.search(text, position)) is not None:
        name, escape, position = head[1], head[2], head.end()
        if text[position - 1] != '"':
            if _BELOW_HEADERS.fullmatch(name) or _BELOW_CREDENTIALS.fullmatch(name):
                spans, position = _below(
                    text, position, _BELOW_CREDENTIALS.fullmatch(name) is not None
                )
                yield from spans
            continue
        kind = name.lower()
        if kind in ("name", "key", "header", "value"):
            end = _text_end(text, position, escape)
            if kind == "value":
                pair = _NAME_NEXT.match(text, end)
                if pair is not None and _is_secret(pair[1]):
                    yield position, end
            elif end - position <= 100 and _is_secret(text[position:end]):
                value = _VALUE_NEXT.match(text, end)
                if value is not None:
                    position = value.end()
                    yield position, _text_end(text, position, escape)
        elif is_secret(name):
            begin, position = position, _text_end(text, position, escape)
            yield begin, position


def _is_secret(name: str) -> bool:
    return is_credential(name.lower()) or is_secret_name(name)


def _text_end(text: str, begin: int, escape: str) -> int:
    """Return the end of a JSON text, whose quotes have these backslashes."""
    if not escape:
        match = _TEXT.match(text, begin)
        return begin if match is None else match.end()
    limit = begin + _REACH
    end = text.find(escape + '"', begin, limit)
    while end > begin and text[end - 1] == "\\":  # a quote inside of it has more of them
        end = text.find(escape + '"', end + 1, limit)
    return max(end, begin)


def _below(text: str, begin: int, are_credentials: bool) -> tuple[list[_Span], int]:
    """Return the spans of all texts of an object or list, and its end. A schema has none."""
    if _SCHEMA.match(text, begin):
        return [], begin
    spans: list[_Span] = []
    depth, position, name = 1, begin, ""
    while depth and (token := _TOKEN.search(text, position, begin + _REACH)) is not None:
        position = token.end()
        if token[0][-1] != '"':
            depth += 1 if token[0] in "{[" else -1
            name = ""
            continue
        start = position
        end = _text_end(text, start, token[0][:-1])
        position = min(end + len(token[0]), len(text))
        if _COLON.match(text, position):
            name = text[start:end].lower()
            continue
        if not (are_credentials and name in _OPEN_NAMES):
            spans.append((start, end))
        name = ""
    return spans, position


_COLON = re.compile(r"\s*+:")
_OPEN_NAMES = frozenset({"type", "name", "scheme", "in"})
