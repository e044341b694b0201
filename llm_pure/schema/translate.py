"""JSON Schemas of tools and answers, in the dialect of a service.

A service's own dialect of JSON Schema is data (`SchemaProfile`); what it lacks is said in another way or left out, and
either is reported.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import ENCODE_ERRORS, json_text
from llm_pure.schema.profiles import SchemaProfile
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.request import JsonSchema
from llm_pure.types.result import Failure, LLMResult, Success

DEPTH_LIMIT = 64
"""How deep a schema may be nested; services stop much earlier."""

SIZE_LIMIT = 20_000
"""How many schemas may stand in one, once its references are put in place; a few lines can make millions of them."""

MAPS_OF_SCHEMAS = ("properties", "$defs", "definitions", "patternProperties")
LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
ONE_SCHEMA = ("items", "additionalProperties", "not")

_DEMANDS_NOTHING = frozenset(
    [
        "$schema",
        "$id",
        "$comment",
        "title",
        "description",
        "default",
        "examples",
        "example",
        "deprecated",
        "readOnly",
        "writeOnly",
    ]
)
"""Keywords that say something about a value, and forbid none."""


class AdaptedSchema(msgspec.Struct, frozen=True):
    """The schema as it may be sent. adaptations: what is not as it was, `field` being its place."""

    schema: JsonSchema
    adaptations: tuple[Adaptation, ...] = ()

    @property
    def is_lossy(self) -> str:
        """The place of an object whose other properties are forbidden now, and were not; "" when there is none."""
        for one in self.adaptations:
            if one.action == "changed" and one.field.endswith("additionalProperties"):
                return one.field
        return ""


class _Unwritable(Exception):  # never leaves this file
    def __init__(self, path: str, why: str = "it has no end") -> None:
        super().__init__(why)
        self.path = path


def validate_schema(schema: Mapping[str, Any]) -> LLMResult[JsonSchema]:
    """The schema, once it is known to be JSON; InvalidRequest when it holds itself or something that is no JSON."""
    try:
        json_text(schema)
    except RecursionError:
        return Failure(InvalidRequest(message="the schema holds itself: it has no end", param=""))
    except ENCODE_ERRORS as fault:
        return Failure(InvalidRequest(message=f"the schema is no JSON: {fault}", param=""))
    return Success(dict(schema))


def translate_schema(schema: Mapping[str, Any], dialect: SchemaProfile) -> LLMResult[AdaptedSchema]:
    """The schema in a service's dialect.

    Fails with InvalidRequest when it holds itself, is nested too deep, or refers to itself where that may not be.

    >>> from llm_pure.schema.profiles import OPENAI_STRICT
    >>> translate_schema({"type": "object", "properties": {"a": {"type": "string"}}}, OPENAI_STRICT).unwrap().schema
    {'type': 'object', 'properties': {'a': {'type': ['string', 'null']}}, 'required': ['a'], 'additionalProperties': False}
    """
    good = validate_schema(schema)
    if isinstance(good, Failure):
        return good
    root = _with_one_place(good.unwrap(), dialect)
    writer = _Writer(root, dialect)
    try:
        if not dialect.recursive:
            _refuse_loops(root)
        made = writer.write(root, "", ())
    except _Unwritable as fault:
        message = f"the schema cannot be written for {dialect.name}: {fault}"
        return Failure(InvalidRequest(message=message, param=fault.path))
    if dialect.inline:
        made = {key: value for key, value in made.items() if key not in ("$defs", "definitions")}
    return Success(AdaptedSchema(made, tuple(writer.told)))


class _Writer:
    """One schema on its way into a dialect. told: what is not as it was, so far."""

    def __init__(self, root: JsonSchema, dialect: SchemaProfile) -> None:
        self.root = root
        self.dialect = dialect
        self.told: list[Adaptation] = []
        self.written = 0

    def write(self, node: Any, path: str, inside: tuple[str, ...]) -> Any:
        """inside: the references that were followed on the way here."""
        if not isinstance(node, dict):
            return node
        self.written += 1
        if self.written > SIZE_LIMIT:
            raise _Unwritable(path, f"it holds more than {SIZE_LIMIT} schemas")
        if path.count("/") > DEPTH_LIMIT:
            raise _Unwritable(path)
        reference = node.get("$ref")
        if isinstance(reference, str):
            reference = self._renamed_reference(reference)
            node = {**node, "$ref": reference}
            beside = {key: value for key, value in node.items() if not key.startswith("$")}
            if self.dialect.inline or (self.dialect.bare_references and beside):
                return self._in_place(node, reference, path, inside)
        node = self._reworded(node, path)
        made: JsonSchema = {}
        for key, value in node.items():
            place = f"{path}/{key}"
            if self._refuses(key, value, path):
                taken = key in ("format", "pattern") and self.dialect.takes(key)
                self._leave_out(key, value, place, str(value) if taken else "")
            elif key in MAPS_OF_SCHEMAS:
                if self.dialect.inline and key != "properties":
                    continue
                items = value.items() if isinstance(value, dict) else ()
                made[key] = {
                    name: self.write(one, f"{place}/{name}", inside) for name, one in items
                }
            elif key in LISTS_OF_SCHEMAS and isinstance(value, list):
                made[key] = [
                    self.write(one, f"{place}/{number}", inside) for number, one in enumerate(value)
                ]
            elif key in ONE_SCHEMA:
                made[key] = self.write(value, place, inside)
            else:
                made[key] = self._within(key, value, place)
        if made.get("type") == "object" or "properties" in made:
            self._finish_object(made, path)
        return made

    def _renamed_reference(self, reference: str) -> str:
        if self.dialect.takes("definitions"):
            return reference
        return reference.replace("#/definitions/", "#/$defs/", 1)

    def _in_place(
        self, node: JsonSchema, reference: str, path: str, inside: tuple[str, ...]
    ) -> Any:
        found = resolve_ref(self.root, reference)
        if found is None:
            raise _Unwritable(f"{path}/$ref", f"{reference!r} points to nothing in it")
        if reference in inside and self.dialect.inline:
            raise _Unwritable(f"{path}/$ref")
        if reference in inside:  # a recursive one: the reference stays, what stood beside it goes
            for key, value in node.items():
                if key != "$ref":
                    self._leave_out(key, value, f"{path}/{key}", "beside a reference")
            return {"$ref": reference}
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return self.write({**found, **beside}, path, (*inside, reference))

    def _reworded(self, node: JsonSchema, path: str) -> JsonSchema:
        """What can be said in another way: one constant, one of several, all of one."""
        takes = self.dialect.takes
        if "const" in node and not takes("const") and "enum" not in node and takes("enum"):
            node = _renamed(node, "const", "enum", [node["const"]])
            self._tell(f"{path}/const", "rewritten", f"{self.dialect.name} says it as enum")
        if "oneOf" in node and not takes("oneOf") and "anyOf" not in node and takes("anyOf"):
            node = _renamed(node, "oneOf", "anyOf", node["oneOf"])
            self._tell(f"{path}/oneOf", "rewritten", f"{self.dialect.name} says it as anyOf")
        match node.get("allOf"):
            case [dict(single)] if not takes("allOf") and not set(single) & set(node):
                node = {**{key: value for key, value in node.items() if key != "allOf"}, **single}
                self._tell(f"{path}/allOf", "rewritten", "what all of one say stands in its place")
            case _:
                pass
        return node

    def _refuses(self, key: str, value: Any, path: str) -> bool:
        dialect = self.dialect
        if not dialect.takes(key):
            return True
        if not path and dialect.root is not None and key not in dialect.root:
            return not (dialect.inline and key in ("$defs", "definitions"))
        if key == "format" and dialect.formats is not None:
            return not (isinstance(value, str) and value in dialect.formats)
        if key == "pattern":
            return any(piece in str(value) for piece in dialect.patterns_without)
        return False

    def _leave_out(self, key: str, value: Any, place: str, more: str = "") -> None:
        silent = key in _DEMANDS_NOTHING
        why = f"{self.dialect.name} has no {key}{' ' if more else ''}{more}"
        why += "; it demands nothing" if silent else ""
        self._tell(place, "rewritten" if silent else "dropped", why, value)

    def _within(self, key: str, value: Any, place: str) -> Any:
        most = self.dialect.size_limits.get(key)
        if most is None or not isinstance(value, int | float) or value <= most:
            return value
        self._tell(place, "clamped", f"{key} is at most {most} here", value, most)
        return most

    def _finish_object(self, made: JsonSchema, path: str) -> None:
        dialect = self.dialect
        free = "properties" not in made and "additionalProperties" not in made
        if dialect.all_required:
            properties = made.setdefault("properties", {})
            required = made.get("required") or []
            for name, one in properties.items():
                if name not in required:
                    properties[name] = _or_null(one)
                    reason = f"{dialect.name} has no optional property; it may be null"
                    self._tell(f"{path}/properties/{name}", "changed", reason)
            made["required"] = list(properties)
        if dialect.closed_objects and made.get("additionalProperties") is not False:
            if free or "additionalProperties" in made:
                reason = f"{dialect.name} takes no property that is not named"
                place = f"{path}/additionalProperties"
                self._tell(place, "changed", reason, made.get("additionalProperties"))
            made["additionalProperties"] = False

    def _tell(
        self,
        place: str,
        action: Literal["dropped", "changed", "clamped", "rewritten"],
        reason: str,
        before: Any = None,
        after: Any = None,
    ) -> None:
        short = before if isinstance(before, str | int | float | bool | None) else None
        self.told.append(
            Adaptation(
                field=place.lstrip("/"), action=action, reason=reason, before=short, after=after
            )
        )


def _with_one_place(root: JsonSchema, dialect: SchemaProfile) -> JsonSchema:
    """The older `definitions` under their newer name `$defs`, where a service knows that one alone."""
    older = root.get("definitions")
    if dialect.takes("definitions") or not isinstance(older, dict):
        return root
    newer = root.get("$defs")
    together = {**older, **(newer if isinstance(newer, dict) else {})}
    return {**{key: one for key, one in root.items() if key != "definitions"}, "$defs": together}


def _renamed(node: JsonSchema, old: str, new: str, value: Any) -> JsonSchema:
    """The same keys in the same order, one of them under another name."""
    return {
        (new if key == old else key): (value if key == old else one) for key, one in node.items()
    }


def _or_null(schema: Any) -> Any:
    """The same, or null."""
    if not isinstance(schema, dict):
        return schema
    kinds = schema.get("type")
    if isinstance(kinds, str) and "enum" not in schema and "const" not in schema:
        return schema if kinds == "null" else {**schema, "type": [kinds, "null"]}
    if isinstance(kinds, list) and "null" in kinds:
        return schema
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        has = {"type": "null"} in branches
        return schema if has else {**schema, "anyOf": [*branches, {"type": "null"}]}
    return {"anyOf": [schema, {"type": "null"}]}


def _refuse_loops(root: JsonSchema) -> None:
    """Raises where a reference leads back to itself."""
    leads_to: dict[str, list[str]] = {"#": list(_references(root, with_definitions=False))}
    found = list(_references(root, with_definitions=True))
    while found:
        reference = found.pop()
        if reference not in leads_to:
            target = resolve_ref(root, reference)
            leads_to[reference] = list(_references(target, with_definitions=True))
            found += leads_to[reference]
    left = {one: set(others) for one, others in leads_to.items()}
    while left:
        ends = [one for one, others in left.items() if not others & left.keys()]
        if not ends:
            raise _Unwritable(f"/{min(left)}", "it refers to itself")
        for one in ends:
            del left[one]


def _references(node: Any, *, with_definitions: bool) -> Iterator[str]:
    """Every `$ref` in it. with_definitions: also those inside of its `$defs`."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if isinstance(one.get("$ref"), str):
                yield one["$ref"]
            waiting += [
                value
                for key, value in one.items()
                if with_definitions or key not in ("$defs", "definitions")
            ]


def resolve_ref(root: JsonSchema, reference: str) -> JsonSchema | None:
    """What `#/...` points to."""
    node: Any = root
    if not reference.startswith("#"):
        return None
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


__all__ = [
    "DEPTH_LIMIT",
    "LISTS_OF_SCHEMAS",
    "MAPS_OF_SCHEMAS",
    "ONE_SCHEMA",
    "SIZE_LIMIT",
    "AdaptedSchema",
    "resolve_ref",
    "translate_schema",
    "validate_schema",
]
