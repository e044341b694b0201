"""Instances of the official packages' types, every field filled, and the leaves of an answer that a parser loses.

`instances(T)` reads pydantic models, TypedDicts, dataclasses, attrs classes, msgspec Structs, unions, literals, enums and
botocore's shapes. `lost_leaves` changes each leaf of an instance in turn: a leaf is lost if what was read stays equal.
"""

import base64
import dataclasses
import enum
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any, ForwardRef, Literal, TypeAlias, Union, get_args, get_origin

import msgspec
import typing_extensions

Kind: TypeAlias = Any
"""A type, or a shape of botocore."""
Samples: TypeAlias = Mapping[str, tuple[Any, Any]]
"""Field, or "Type.field" -> (value, another value), where text of no meaning does not do: base64, JSON text, an index."""
PassedOver: TypeAlias = Mapping[str, str]
"""Pattern of leaf names (`fnmatch`) -> why they may be lost."""

NO_SAMPLES: Samples = {}
_CONSTANT = object()


class Leaf(msgspec.Struct, frozen=True):
    """One scalar of an instance."""

    value: Any
    other: Any = _CONSTANT
    """Another value of its type; without one the leaf is a constant, such as a tag."""


class Instance(msgspec.Struct, frozen=True):
    """One value of a type. Dicts and lists with a `Leaf` at each end."""

    title: str
    tree: Any

    @property
    def json(self) -> Any:
        """The instance as decoded JSON."""
        return _plain(self.tree)

    def changes(self) -> Iterator[tuple[str, Any]]:
        """Of each leaf that is no constant: its name, and the JSON with another value there."""
        for path, leaf in _leaves(self.tree, ()):
            if leaf.other is not _CONSTANT:
                yield self._name(path), _changed(self.tree, path, leaf.other)

    def _name(self, path: tuple[Any, ...]) -> str:
        """ResponseOutputMessage.content[output_text].text: elements of lists by their tag."""
        name, node = self.title, self.tree
        for key in path:
            node = node[key]
            if isinstance(key, int):
                name += f"[{_tag(node) or key}]"
            else:
                name += f".{key}"
        return name


def instances(
    kind: Kind, *, samples: Samples = NO_SAMPLES, leave_out: Iterable[str] = ()
) -> list[Instance]:
    """Instances of a type with every field filled: every member of every union stands in one of them.

    A list holds one element of each member. `leave_out`: fields, or "Type.field", that the instances do not have.
    """
    maker = _Maker(samples, frozenset(leave_out))
    return [
        Instance(title, tree)
        for member in _members(kind)
        for title, tree in _titled(_title(member), maker.variants(member, _title(member), ""))
    ]


def lost_leaves(instance: Instance, read: Callable[[Any], Any]) -> list[str]:
    """The names of the leaves that change nothing of what `read` returns for the instance's JSON."""
    before = read(instance.json)
    return [name for name, changed in instance.changes() if read(changed) == before]


def unexplained(lost: Iterable[str], passed_over: PassedOver) -> list[str]:
    """The lost leaves that no row explains, and the rows that explain none ("unused row: ...")."""
    names = [*lost]
    rows = {re.sub(r"([\[\]])", r"[\1]", pattern): pattern for pattern in passed_over}
    open_leaves = [name for name in names if not any(fnmatchcase(name, row) for row in rows)]
    unused = [
        f"unused row: {pattern}"
        for row, pattern in rows.items()
        if not any(fnmatchcase(name, row) for name in names)
    ]
    return open_leaves + unused


class _Maker:
    """Makes the variants of types. Text differs from leaf to leaf, so that no two ids are equal."""

    def __init__(self, samples: Samples, leave_out: frozenset[str]) -> None:
        self.samples = samples
        self.leave_out = leave_out
        self.count = 0
        self.stack: list[str] = []

    def variants(self, kind: Kind, owner: str, field: str) -> list[Any]:
        """At least one tree for each member of each union in the type; none if it holds itself."""
        sample = self.samples.get(f"{owner}.{field}") or self.samples.get(field)
        if sample is not None:
            return [Leaf(*sample)]
        return [tree for member in _members(kind) for tree in self._of_member(member, owner, field)]

    def _of_member(self, kind: Kind, owner: str, field: str) -> list[Any]:
        origin: Any = get_origin(kind)
        if origin is Literal:
            return [Leaf(*get_args(kind)[:2])]
        shape = getattr(kind, "type_name", None)  # botocore's
        if origin in (list, tuple, set, frozenset) or origin in _ITERABLES:
            return [self.variants((get_args(kind) or (Any,))[0], owner, field)]
        if shape == "list":
            return [self.variants(kind.member, owner, field)]
        if origin is dict or origin in _MAPPINGS or shape == "map":
            value = kind.value if shape == "map" else (get_args(kind) or (str, Any))[1]
            return [{f"key{n}": tree} for n, tree in enumerate(self.variants(value, owner, field))]
        members = _fields(kind)
        if members is None:
            return [self._scalar(kind, shape, field)]
        title = _title(kind)
        if title in self.stack:
            return []
        self.stack.append(title)
        made = self._of_fields(kind, title, members)
        self.stack.pop()
        return made

    def _of_fields(self, kind: Kind, title: str, members: Mapping[str, Kind]) -> list[Any]:
        fields = {
            name: variants
            for name, member in members.items()
            if name not in self.leave_out and f"{title}.{name}" not in self.leave_out
            if (variants := self.variants(member, title, name))
        }
        if getattr(kind, "is_document_type", False):
            return [{"any": self._text("document")}]
        if _has_one_field(kind):
            return [{name: tree} for name, variants in fields.items() for tree in variants]
        longest = max(map(len, fields.values()), default=1)
        return [
            {name: variants[n % len(variants)] for name, variants in fields.items()}
            for n in range(longest)
        ]

    def _scalar(self, kind: Kind, shape: str | None, field: str) -> Any:
        self.count += 1
        words = _words(kind, shape)
        if words:
            return Leaf(*words[:2])
        if kind is bool or shape == "boolean":
            return Leaf(True, False)
        if kind is int or shape in ("integer", "long"):
            return Leaf(self.count, self.count + 1000)
        if kind is float or shape in ("float", "double"):
            return Leaf(self.count + 0.5, self.count + 1000.5)
        if kind in (datetime, date) or shape == "timestamp":
            return Leaf("2026-11-29T10:00:00Z", "2026-11-28T10:00:00Z")
        if kind is bytes or shape == "blob":
            return Leaf(base64_of(f"{field} {self.count}"), base64_of(f"{field} {self.count} x"))
        if kind is Any or kind is object:
            return {"any": self._text(field)}
        return self._text(field)

    def _text(self, field: str) -> Leaf:
        self.count += 1
        return Leaf(f"{field}-{self.count}", f"{field}-{self.count}x")


def _words(kind: Kind, shape: str | None) -> list[Any]:
    """The values of an enum; none for any other type."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [member.value for member in kind]
    return kind.enum if shape == "string" else []


def base64_of(text: str) -> str:
    """Base64 of the text, as binary fields have it on the wire."""
    return base64.b64encode(text.encode()).decode()


_ITERABLES = frozenset([Iterable, Iterator, Sequence])
_MAPPINGS = frozenset([Mapping, MutableMapping])
_QUALIFIERS = frozenset(
    [
        Annotated, typing_extensions.Annotated, typing_extensions.Required, typing_extensions.NotRequired,
        typing_extensions.ReadOnly,
    ]
)  # fmt: skip
_NOTHING = frozenset(["NoneType", "Unset", "UnrecognizedStr", "UnrecognizedInt", "UnsetType"])
"""Members of unions that stand for no value, or for any other text."""


def _members(kind: Kind) -> list[Kind]:
    """The members of a union; the type itself, if it is none. Annotations, aliases and optional ones are taken off."""
    origin: Any
    while True:
        origin = get_origin(kind)
        if origin in _QUALIFIERS:
            kind = get_args(kind)[0]
        elif type(kind).__name__ == "TypeAliasType":
            kind = kind.__value__
        elif type(origin).__name__ == "TypeAliasType":  # with parameters: mistralai's Nullable[T]
            kind = origin.__value__[get_args(kind)]
        elif hasattr(kind, "__supertype__"):  # NewType
            kind = kind.__supertype__
        else:
            break
    if isinstance(kind, str | ForwardRef):
        raise TypeError(f"{kind!r} is not resolved")
    if origin in (Union, types.UnionType):
        members = [member for inner in get_args(kind) for member in _members(inner)]
        words = [member for member in members if get_origin(member) is Literal]
        return [
            member
            for member in members
            if _title(member) not in _NOTHING and not (member is str and words)
        ]
    return [kind]


def _fields(kind: Kind) -> Mapping[str, Kind] | None:
    """The fields of an object by their names on the wire; None for a scalar."""
    if getattr(kind, "type_name", None) == "structure":  # botocore's
        return {
            shape.serialization.get("name", name): shape for name, shape in kind.members.items()
        }
    if not isinstance(kind, type):
        return None
    if hasattr(kind, "model_fields"):
        return {
            field.serialization_alias or field.alias or _alias_of(field) or name: field.annotation
            for name, field in kind.model_fields.items()
        }
    if typing_extensions.is_typeddict(kind):
        return typing_extensions.get_type_hints(kind, include_extras=True)
    if issubclass(kind, msgspec.Struct):
        return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    if dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__"):
        return typing_extensions.get_type_hints(kind, include_extras=True)
    return None


def _has_one_field(kind: Kind) -> bool:
    """Whether it is a union or a stream of events of botocore."""
    if not hasattr(kind, "type_name"):
        return False
    return bool(kind.is_tagged_union or kind.serialization.get("eventstream"))


def _alias_of(field: Any) -> str | None:
    """The alias in the annotations of cohere's models (`FieldMetadata(alias=...)`)."""
    return next((getattr(item, "alias", None) for item in field.metadata), None)


def _title(kind: Kind) -> str:
    return str(kind.name if hasattr(kind, "type_name") else getattr(kind, "__name__", kind))


def _titled(title: str, trees: list[Any]) -> Iterator[tuple[str, Any]]:
    for n, tree in enumerate(trees):
        yield (title if not n else f"{title}#{n}"), tree


def _tag(node: Any) -> str | None:
    """What tells a union's member from the others: its `type`, or its only key."""
    if not isinstance(node, dict):
        return None
    tag = node.get("type") or node.get("role")
    if isinstance(tag, Leaf):
        return str(tag.value)
    return next(iter(node)) if len(node) == 1 else None


def _plain(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _plain(inner) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [_plain(inner) for inner in tree]
    return tree.value


def _leaves(tree: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Leaf]]:
    if isinstance(tree, Leaf):
        yield path, tree
        return
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield from _leaves(inner, (*path, key))


def _changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    key, *rest = path
    if isinstance(tree, dict):
        return {
            name: _changed(inner, tuple(rest), value) if name == key else _plain(inner)
            for name, inner in tree.items()
        }
    return [
        _changed(inner, tuple(rest), value) if n == key else _plain(inner)
        for n, inner in enumerate(tree)
    ]
