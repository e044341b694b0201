"""Read and write YAML as plain values: dicts, lists, strings, bytes, numbers, bools and None.

Reading goes over the events of PyYAML's parser and builds nothing but these values. `yaml.load` is not used: libyaml's
composer ends the process at some 50,000 open brackets, constructors raise any exception, and 50 MB take 4.5 s with
CSafeLoader against 1.6 s here (CPython 3.11). Writing gives sorted keys and literal blocks, so that a diff shows the line
that changed.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import yaml

from llm_pure.types.errors import ProtocolError
from llm_pure.types.rejection import Rejected, returns_failure

DEPTH_LIMIT = 500
"""Maximum nesting depth of a document."""

NODE_LIMIT = 5_000_000
"""Maximum number of values in a document. Values repeated by `*alias` count each time."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

READ_ERRORS = (yaml.YAMLError, ValueError, RecursionError)
"""Exceptions of PyYAML's parser for bytes that are not YAML; UnicodeDecodeError is a ValueError."""

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_TAG}str", f"{_TAG}python/str", f"{_TAG}python/unicode"})
_PLAIN_TAGS = frozenset({f"{_TAG}{name}" for name in ("int", "float", "bool", "null", "timestamp")})
_LIST_TAGS = frozenset({None, "!", f"{_TAG}seq", f"{_TAG}python/tuple"})
_DICT_TAGS = frozenset({None, "!", f"{_TAG}map"})

# PyYAML reads each of these forms the same way, so a plain string of its dumper stays a string. Dates stay text.
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **{word: True for low in ("true", "yes", "on") for word in (low, low.title(), low.upper())},
    **{word: False for low in ("false", "no", "off") for word in (low, low.title(), low.upper())},
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,400})")
_FLOAT = re.compile(
    r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


@returns_failure
def parse_yaml(text: str | bytes, *, name: str) -> Any:
    """Return the value of the only document in a YAML text.

    Fails with ProtocolError, which names the file and the line, for text that is not YAML, tags beyond plain data
    (`!!python/object...`), a second document, and documents beyond the limits above.

    >>> parse_yaml("a: [1, 'x', 2024-01-01]", name="x.yaml").unwrap()
    {'a': [1, 'x', '2024-01-01']}
    """
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.add(event)
    except READ_ERRORS as error:
        # Scanner and parser errors have a mark, reader errors have none.
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else int(mark.line) + 1
        raise Rejected(
            _error(name, f"not YAML: {' '.join(str(error).split())[:300]}", line)
        ) from None
    return builder.root


class _Collection:
    """A list or a dict that is not closed yet."""

    __slots__ = ("anchor", "key", "nodes_before", "value")

    def __init__(
        self, value: list[Any] | dict[Any, Any], anchor: str | None, nodes_before: int
    ) -> None:
        self.value = value
        self.anchor = anchor
        self.nodes_before = nodes_before
        self.key: Any = _NO_KEY


_NO_KEY: Any = object()


class _Builder:
    """Build a value from parser events in order; `root` is complete after the last event.

    Raises Rejected with a ProtocolError for an event that is refused.
    """

    def __init__(self, name: str) -> None:
        self.root: Any = None
        self._name = name
        self._open: list[_Collection] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._documents = 0

    def add(self, event: Any) -> None:
        """Process one event."""
        match event:
            case yaml.ScalarEvent():
                self._put(event, self._scalar(event), event.anchor, 1)
            case yaml.SequenceStartEvent():
                self._start(event, [], _LIST_TAGS)
            case yaml.MappingStartEvent():
                self._start(event, {}, _DICT_TAGS)
            case yaml.CollectionEndEvent():
                done = self._open.pop()
                size = 1 + self._nodes - done.nodes_before
                self._put(event, done.value, done.anchor, size)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    self._refuse(event, f"the alias *{event.anchor} has no anchor before it")
                value, size = self._anchors[event.anchor]
                self._put(event, value, None, size)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._refuse(event, "a second document")

    def _start(
        self, event: Any, value: list[Any] | dict[Any, Any], tags: frozenset[str | None]
    ) -> None:
        if event.tag not in tags:
            self._refuse_tag(event)
        if len(self._open) >= DEPTH_LIMIT:
            self._refuse(event, f"nested deeper than {DEPTH_LIMIT}")
        self._open.append(_Collection(value, event.anchor, self._nodes))

    def _put(self, event: Any, value: Any, anchor: str | None, size: int) -> None:
        """Add a complete value to the innermost open collection. size: number of values in it."""
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        # The members of a collection are counted already; an alias repeats all of its own.
        self._nodes += size if isinstance(event, yaml.AliasEvent) else 1
        if self._nodes > NODE_LIMIT:
            self._refuse(event, f"more than {NODE_LIMIT} values")
        if not self._open:
            self.root = value
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is not _NO_KEY:
            parent.value[parent.key] = value
            parent.key = _NO_KEY
        elif isinstance(value, list | dict):
            self._refuse(event, "a key is no scalar")
        else:
            parent.key = value

    def _scalar(self, event: Any) -> Any:
        text, tag = event.value, event.tag
        if tag is None:
            return _plain(text) if event.implicit[0] else text
        if tag in _TEXT_TAGS:
            return text
        if tag in _PLAIN_TAGS:
            return _plain(text)
        if tag != f"{_TAG}binary":
            self._refuse_tag(event)
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError) as error:
            self._refuse(event, f"!!binary is not base64: {error}")

    def _refuse_tag(self, event: Any) -> NoReturn:
        self._refuse(event, f"the tag {event.tag!r} is refused: cassettes are plain data")

    def _refuse(self, event: Any, reason: str) -> NoReturn:
        raise Rejected(_error(self._name, reason, event.start_mark.line + 1))


def _plain(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _error(name: str, message: str, line: int | None) -> ProtocolError:
    where = f"{name}, line {line}" if line else name
    return ProtocolError(message=message, where=where, code="cassette")


class Block(str):
    """Text to write as a literal block if YAML allows it."""

    __slots__ = ()


class Flow(list[Any]):
    """A list to write on one line."""

    __slots__ = ()


def render_yaml(value: Any) -> str:
    """Return YAML with sorted keys; `Block` as literal blocks, `Flow` on one line, bytes as `!!binary`.

    libyaml writes a text with one emoji as a single quoted line, so such values go through PyYAML's slower writer.
    """
    base = yaml.SafeDumper if _has_astral(value) else _DUMPER
    dumper: Any = type("_CassetteDumper", (base,), {"ignore_aliases": lambda self, data: True})
    dumper.add_representer(str, _represent_text)
    dumper.add_representer(Block, _represent_block)
    dumper.add_representer(Flow, _represent_flow)
    return str(yaml.dump(value, Dumper=dumper, allow_unicode=True, width=1 << 30))


_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _has_astral(value: Any) -> bool:
    match value:
        case str():
            return _ASTRAL.search(value) is not None
        case list():
            return any(_has_astral(item) for item in value)
        case dict():
            return any(_has_astral(item) for pair in value.items() for item in pair)
        case _:
            return False


def _represent_text(dumper: Any, text: str) -> Any:
    # PyYAML's writer loses a NEL outside double quotes.
    return dumper.represent_scalar(f"{_TAG}str", text, style='"' if _ODD.search(text) else None)


def _represent_block(dumper: Any, text: Block) -> Any:
    if not text or _ODD.search(text):
        return _represent_text(dumper, str(text))
    return dumper.represent_scalar(f"{_TAG}str", str(text), style="|")


def _represent_flow(dumper: Any, items: Flow) -> Any:
    return dumper.represent_sequence(f"{_TAG}seq", items, flow_style=True)
