"""YAML text <-> plain values: dicts, lists, strings, bytes, numbers, bools and None.

Reading goes over the parser's events and builds nothing but these, however the text is tagged or nested: composing
inside libyaml ends the process at some 50,000 open brackets, and a loader's constructors raise whatever they like.
Writing gives sorted keys and literal blocks, so that a diff shows the line that changed.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import yaml

from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.result import Failure, LLMResult, Success

DEPTH_LIMIT = 500
"""How deep a value may be nested."""

NODE_LIMIT = 5_000_000
"""How many values a document may hold, those that it repeats by `*alias` counted each time."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

READ_FAULTS = (yaml.YAMLError, ValueError, RecursionError)
"""What PyYAML's parser raises on bytes that are no YAML; UnicodeDecodeError is a ValueError."""

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_TAG}str", f"{_TAG}python/str", f"{_TAG}python/unicode"})
_PLAIN_TAGS = frozenset({f"{_TAG}{name}" for name in ("int", "float", "bool", "null", "timestamp")})
_LIST_TAGS = frozenset({"!", f"{_TAG}seq", f"{_TAG}python/tuple"})
_DICT_TAGS = frozenset({"!", f"{_TAG}map"})

# Every form here is read the same way by PyYAML, so what its dumper wrote as a plain string stays one. Dates stay text.
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **{word: True for low in ("true", "yes", "on") for word in (low, low.title(), low.upper())},
    **{word: False for low in ("false", "no", "off") for word in (low, low.title(), low.upper())},
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,400})")
_FLOAT = re.compile(
    r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)


def parse_yaml(text: str | bytes, *, name: str) -> LLMResult[Any]:
    """The one document in the text, or a ProtocolError that names the file and the line.

    Fails on tags beyond plain data (`!!python/object...`), on a second document, and beyond the limits above.

    >>> parse_yaml("a: [1, 'x', 2024-01-01]", name="x.yaml").unwrap()
    {'a': [1, 'x', '2024-01-01']}
    """
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            fault = builder.take(event)
            if fault is not None:
                return Failure(fault)
    except READ_FAULTS as fault:
        detail = " ".join(str(fault).split())[:300]
        return Failure(_fault(name, f"not YAML: {detail}", line=_line_of(fault)))
    return Success(builder.root)


def _line_of(fault: Exception) -> int | None:
    """Return the line where PyYAML stopped; None where the exception has no mark."""
    mark = getattr(fault, "problem_mark", None)
    return None if mark is None else int(mark.line) + 1


class _Open:
    """A list or a dict that still grows."""

    __slots__ = ("anchor", "before", "key", "value")

    def __init__(self, value: list[Any] | dict[Any, Any], anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.key: Any = _NO_KEY


_NO_KEY: Any = object()


class _Builder:
    """Takes events in order; `root` is the value once they are over."""

    def __init__(self, name: str) -> None:
        self.root: Any = None
        self._name = name
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: Any) -> LLMError | None:
        """One more event; the fault that it is."""
        match event:
            case yaml.ScalarEvent():
                value = _scalar(event.value, event.tag, plain=event.implicit[0])
                if isinstance(value, _Refused):
                    return self._refuse(event, value.why)
                return self._put(event, value, event.anchor, 1)
            case yaml.SequenceStartEvent():
                return self._begin(event, [], _LIST_TAGS)
            case yaml.MappingStartEvent():
                return self._begin(event, {}, _DICT_TAGS)
            case yaml.CollectionEndEvent():
                done = self._open.pop()
                return self._put(event, done.value, done.anchor, 1 + self._nodes - done.before)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    return self._refuse(event, f"*{event.anchor} stands for nothing before it")
                value, size = self._anchors[event.anchor]
                return self._put(event, value, None, size)
            case yaml.DocumentStartEvent():
                self._documents += 1
                return self._refuse(event, "a second document") if self._documents > 1 else None
            case _:
                return None

    def _begin(
        self, event: Any, value: list[Any] | dict[Any, Any], tags: frozenset[str]
    ) -> LLMError | None:
        if event.tag is not None and event.tag not in tags:
            return self._refuse(
                event, f"the tag {event.tag!r} is refused: cassettes are plain data"
            )
        if len(self._open) >= DEPTH_LIMIT:
            return self._refuse(event, f"nested deeper than {DEPTH_LIMIT}")
        self._open.append(_Open(value, event.anchor, self._nodes))
        return None

    def _put(self, event: Any, value: Any, anchor: str | None, size: int) -> LLMError | None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        # a collection's members were counted when they came; an alias repeats all of its own
        self._nodes += size if isinstance(event, yaml.AliasEvent) else 1
        if self._nodes > NODE_LIMIT:
            return self._refuse(event, f"more than {NODE_LIMIT} values")
        if not self._open:
            self.root = value
            return None
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is not _NO_KEY:
            parent.value[parent.key] = value
            parent.key = _NO_KEY
        elif isinstance(value, list | dict):
            return self._refuse(event, "a key is no scalar")
        else:
            parent.key = value
        return None

    def _refuse(self, event: Any, why: str) -> LLMError:
        return _fault(self._name, why, line=event.start_mark.line + 1)


class _Refused:
    """Why a scalar is not taken."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why


def _scalar(text: str, tag: str | None, *, plain: bool) -> Any:
    if tag is None or tag == "!":
        return _plain(text) if plain and tag is None else text
    if tag in _TEXT_TAGS:
        return text
    if tag in _PLAIN_TAGS:
        return _plain(text)
    if tag == f"{_TAG}binary":
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError) as fault:
            return _Refused(f"!!binary is no base64: {fault}")
    return _Refused(f"the tag {tag!r} is refused: cassettes are plain data")


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _fault(name: str, message: str, line: int | None = None) -> ProtocolError:
    where = f"{name}, line {line}" if line else name
    return ProtocolError(message=message, where=where, code="cassette")


class Block(str):
    """Text that is written as a literal block, where YAML has one for it."""

    __slots__ = ()


class Flow(list[Any]):
    """A list that is written on one line."""

    __slots__ = ()


def render_yaml(value: Any) -> str:
    """YAML with sorted keys, `Block` and `Flow` as they say, bytes as `!!binary`.

    libyaml would write a whole body as one quoted line for the sake of one emoji; such values take PyYAML's own, slower
    writer.
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
    # PyYAML's writer loses a NEL outside of double quotes
    return dumper.represent_scalar(f"{_TAG}str", text, style='"' if _ODD.search(text) else None)


def _represent_block(dumper: Any, text: Block) -> Any:
    if not text or _ODD.search(text):
        return _represent_text(dumper, str(text))
    return dumper.represent_scalar(f"{_TAG}str", str(text), style="|")


def _represent_flow(dumper: Any, items: Flow) -> Any:
    return dumper.represent_sequence(f"{_TAG}seq", items, flow_style=True)
