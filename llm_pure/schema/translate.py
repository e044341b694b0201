"""Translate one JSON Schema to the profile of a service.

The profile is data (`schema.profiles`). Keywords that it lacks are rephrased or dropped, and each change is returned as
an Adaptation.
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
"""Maximum nesting of a schema, with the references that are followed; services stop much earlier."""

SIZE_LIMIT = 20_000
"""Maximum number of subschemas after references are resolved: a few lines of nested references can expand to millions."""

SCHEMA_MAPS = ("properties", "$defs", "definitions", "patternProperties")
SCHEMA_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SCHEMA_KEYS = ("items", "additionalProperties", "not")

_ANNOTATIONS = frozenset(
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
"""Keywords that describe a value and constrain nothing."""


class AdaptedSchema(msgspec.Struct, frozen=True):
    """A translated schema."""

    schema: JsonSchema
    adaptations: tuple[Adaptation, ...] = ()
    """The changes; `field` is the path within the schema."""

    @property
    def is_lossy(self) -> str:
        """Path of an object that no longer allows unnamed properties; "" if there is none."""
        for change in self.adaptations:
            if change.action == "changed" and change.field.endswith("additionalProperties"):
                return change.field
        return ""


class _Untranslatable(Exception):  # internal to this file
    def __init__(self, path: str, why: str = "it is infinite") -> None:
        super().__init__(why)
        self.path = path


def validate_schema(schema: Mapping[str, Any]) -> LLMResult[JsonSchema]:
    """Return the schema. Fails with InvalidRequest if it contains itself or a value that is not JSON."""
    try:
        json_text(schema)
    except RecursionError:
        return Failure(InvalidRequest(message="the schema contains itself", param=""))
    except ENCODE_ERRORS as error:
        return Failure(InvalidRequest(message=f"the schema is not JSON: {error}", param=""))
    return Success(dict(schema))


def translate_schema(schema: Mapping[str, Any], profile: SchemaProfile) -> LLMResult[AdaptedSchema]:
    """Translate a schema to a profile.

    Fails with InvalidRequest if it contains itself, is nested too deep, or is recursive where the profile forbids it.

    >>> from llm_pure.schema.profiles import OPENAI_STRICT
    >>> translate_schema({"type": "object", "properties": {"a": {"type": "string"}}}, OPENAI_STRICT).unwrap().schema
    {'type': 'object', 'properties': {'a': {'type': ['string', 'null']}}, 'required': ['a'], 'additionalProperties': False}
    """
    checked = validate_schema(schema)
    if isinstance(checked, Failure):
        return checked
    root = _merge_definitions(checked.unwrap(), profile)
    writer = _Writer(root, profile)
    try:
        if not profile.recursive:
            _reject_recursion(root)
        translated = writer.write(root, "", ())
    except RecursionError:  # the caller's stack is almost used up
        message = f"the schema is nested too deeply to translate it for {profile.name}"
        return Failure(InvalidRequest(message=message, param=""))
    except _Untranslatable as error:
        message = f"the schema cannot be translated for {profile.name}: {error}"
        return Failure(InvalidRequest(message=message, param=error.path))
    if profile.inline:
        translated = {
            key: value for key, value in translated.items() if key not in ("$defs", "definitions")
        }
    return Success(AdaptedSchema(translated, tuple(writer.adaptations)))


class _Writer:
    """Translates one schema, and collects the adaptations."""

    def __init__(self, root: JsonSchema, profile: SchemaProfile) -> None:
        self.root = root
        self.profile = profile
        self.adaptations: list[Adaptation] = []
        self.written = 0

    def write(self, node: Any, path: str, references: tuple[str, ...]) -> Any:
        """Translate a node. `references`: those resolved on the way to it."""
        if not isinstance(node, dict):
            return node
        self.written += 1
        if self.written > SIZE_LIMIT:
            raise _Untranslatable(path, f"it has more than {SIZE_LIMIT} subschemas")
        if path.count("/") + len(references) > DEPTH_LIMIT:
            raise _Untranslatable(path)
        reference = node.get("$ref")
        if isinstance(reference, str):
            reference = self._current_reference(reference)
            node = {**node, "$ref": reference}
            beside = {key: value for key, value in node.items() if not key.startswith("$")}
            if self.profile.inline or (self.profile.bare_references and beside):
                return self._resolve(node, reference, path, references)
        node = self._rephrase(node, path)
        translated: JsonSchema = {}
        for key, value in node.items():
            location = f"{path}/{key}"
            if self._is_unsupported(key, value, path):
                keyword_supported = key in ("format", "pattern") and self.profile.supports(key)
                self._omit(key, value, location, str(value) if keyword_supported else "")
            elif key in SCHEMA_MAPS:
                if self.profile.inline and key != "properties":
                    continue
                items = value.items() if isinstance(value, dict) else ()
                translated[key] = {
                    name: self.write(subschema, f"{location}/{name}", references)
                    for name, subschema in items
                }
            elif key in SCHEMA_LISTS and isinstance(value, list):
                translated[key] = [
                    self.write(subschema, f"{location}/{number}", references)
                    for number, subschema in enumerate(value)
                ]
            elif key in SCHEMA_KEYS:
                translated[key] = self.write(value, location, references)
            else:
                translated[key] = self._clamp(key, value, location)
        if translated.get("type") == "object" or "properties" in translated:
            self._close_object(translated, path)
        return translated

    def _current_reference(self, reference: str) -> str:
        if self.profile.supports("definitions"):
            return reference
        return reference.replace("#/definitions/", "#/$defs/", 1)

    def _resolve(
        self, node: JsonSchema, reference: str, path: str, references: tuple[str, ...]
    ) -> Any:
        target = resolve_ref(self.root, reference)
        if target is None:
            raise _Untranslatable(f"{path}/$ref", f"{reference!r} has no target in it")
        if reference in references and self.profile.inline:
            raise _Untranslatable(f"{path}/$ref")
        if reference in references:  # recursive: it stays, without its sibling keywords
            for key, value in node.items():
                if key != "$ref":
                    self._omit(key, value, f"{path}/{key}", "beside a $ref")
            return {"$ref": reference}
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return self.write({**target, **beside}, path, (*references, reference))

    def _rephrase(self, node: JsonSchema, path: str) -> JsonSchema:
        """Rephrase unsupported keywords: const as enum, oneOf as anyOf, allOf of one schema as that schema."""
        supports = self.profile.supports
        if "const" in node and not supports("const") and "enum" not in node and supports("enum"):
            node = _rename_key(node, "const", "enum", [node["const"]])
            self._report(f"{path}/const", "rewritten", f"{self.profile.name} uses enum")
        if "oneOf" in node and not supports("oneOf") and "anyOf" not in node and supports("anyOf"):
            node = _rename_key(node, "oneOf", "anyOf", node["oneOf"])
            self._report(f"{path}/oneOf", "rewritten", f"{self.profile.name} uses anyOf")
        match node.get("allOf"):
            case [dict(single)] if not supports("allOf") and not set(single) & set(node):
                node = {**{key: value for key, value in node.items() if key != "allOf"}, **single}
                self._report(
                    f"{path}/allOf", "rewritten", "allOf of one schema is replaced by that schema"
                )
            case _:
                pass
        return node

    def _is_unsupported(self, key: str, value: Any, path: str) -> bool:
        profile = self.profile
        if not profile.supports(key):
            return True
        if not path and profile.root_keys is not None and key not in profile.root_keys:
            return not (profile.inline and key in ("$defs", "definitions"))
        if key == "format" and profile.formats is not None:
            return not (isinstance(value, str) and value in profile.formats)
        if key == "pattern":
            return any(piece in str(value) for piece in profile.unsupported_patterns)
        return False

    def _omit(self, key: str, value: Any, location: str, more: str = "") -> None:
        silent = key in _ANNOTATIONS
        why = f"{self.profile.name} has no {key}{' ' if more else ''}{more}"
        why += "; it constrains nothing" if silent else ""
        self._report(location, "rewritten" if silent else "dropped", why, value)

    def _clamp(self, key: str, value: Any, location: str) -> Any:
        limit = self.profile.size_limits.get(key)
        if limit is None or not isinstance(value, int | float) or value <= limit:
            return value
        self._report(location, "clamped", f"{key} is at most {limit} here", value, limit)
        return limit

    def _close_object(self, translated: JsonSchema, path: str) -> None:
        profile = self.profile
        is_open = "properties" not in translated and "additionalProperties" not in translated
        if profile.all_required:
            properties = translated.setdefault("properties", {})
            required = translated.get("required") or []
            for name, subschema in properties.items():
                if name not in required:
                    properties[name] = _nullable(subschema)
                    reason = f"{profile.name} has no optional properties; it may be null"
                    self._report(f"{path}/properties/{name}", "changed", reason)
            translated["required"] = list(properties)
        if profile.closed_objects and translated.get("additionalProperties") is not False:
            if is_open or "additionalProperties" in translated:
                reason = f"{profile.name} allows no unnamed properties"
                location = f"{path}/additionalProperties"
                self._report(location, "changed", reason, translated.get("additionalProperties"))
            translated["additionalProperties"] = False

    def _report(
        self,
        location: str,
        action: Literal["dropped", "changed", "clamped", "rewritten"],
        reason: str,
        before: Any = None,
        after: Any = None,
    ) -> None:
        short = before if isinstance(before, str | int | float | bool | None) else None
        self.adaptations.append(
            Adaptation(
                field=location.lstrip("/"), action=action, reason=reason, before=short, after=after
            )
        )


def _merge_definitions(root: JsonSchema, profile: SchemaProfile) -> JsonSchema:
    """Move `definitions` to `$defs` if the profile supports only the newer name."""
    older = root.get("definitions")
    if profile.supports("definitions") or not isinstance(older, dict):
        return root
    newer = root.get("$defs")
    together = {**older, **(newer if isinstance(newer, dict) else {})}
    return {**{key: item for key, item in root.items() if key != "definitions"}, "$defs": together}


def _rename_key(node: JsonSchema, old: str, new: str, value: Any) -> JsonSchema:
    """Rename one key and keep the order."""
    return {
        (new if key == old else key): (value if key == old else item) for key, item in node.items()
    }


def _nullable(schema: Any) -> Any:
    """Allow null beside what the schema allows."""
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


def _reject_recursion(root: JsonSchema) -> None:
    """Raise _Untranslatable if a reference leads back to itself."""
    targets: dict[str, set[str]] = {"#": set(_references(root, with_definitions=False))}
    waiting = list(_references(root, with_definitions=True))
    while waiting:
        reference = waiting.pop()
        if reference not in targets:
            schema = resolve_ref(root, reference)
            targets[reference] = set(_references(schema, with_definitions=True))
            waiting += targets[reference]
    while targets:
        ends = [name for name, references in targets.items() if not references & targets.keys()]
        if not ends:
            raise _Untranslatable(f"/{min(targets)}", "it is recursive")
        for name in ends:
            del targets[name]


def _references(node: Any, *, with_definitions: bool) -> Iterator[str]:
    """Every `$ref` below a node. `with_definitions`: also those inside `$defs`."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            if isinstance(item.get("$ref"), str):
                yield item["$ref"]
            waiting += [
                value
                for key, value in item.items()
                if with_definitions or key not in ("$defs", "definitions")
            ]


def resolve_ref(root: JsonSchema, reference: str) -> JsonSchema | None:
    """Resolve `#/...`; None if it has no target that is an object."""
    node: Any = root
    if not reference.startswith("#"):
        return None
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None
