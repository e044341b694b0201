"""Translate one JSON Schema to the profile of a service.

The profile is data (`schema.profiles`). Keywords that it lacks are rephrased or dropped, and each change is returned as
an Adaptation.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import ENCODE_ERRORS, json_text
from llm_pure.schema.normalize import InvalidKeyword, make_nullable, normalize_node
from llm_pure.schema.object_root import InvalidRoot, object_root
from llm_pure.schema.profiles import SchemaProfile
from llm_pure.schema.references import (
    find_recursion,
    in_definitions,
    merge_definitions,
    resolve_ref,
)
from llm_pure.schema.value_types import (
    ANNOTATIONS,
    fit_all_of,
    fit_enum,
    fit_exclusive_bounds,
    fit_tuple,
    fit_type,
    fit_union,
    has_type,
    rename_key,
    share_properties,
)
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.request import JsonSchema
from llm_pure.types.result import Failure, LLMResult, Success

RootOf: TypeAlias = Literal["any", "arguments", "response"]

DEPTH_LIMIT = 64
"""Maximum nesting of a schema, with the references that are followed; services stop much earlier."""

SIZE_LIMIT = 20_000
"""Maximum number of subschemas after references are resolved: a few lines of nested references can expand to millions."""

SCHEMA_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
SCHEMA_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SCHEMA_KEYS = (
    "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_MAY_BE_BOOLEAN = ("items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")


class AdaptedSchema(msgspec.Struct, frozen=True):
    """A translated schema."""

    schema: JsonSchema
    adaptations: tuple[Adaptation, ...] = ()
    """The changes; `field` is the path within the schema."""

    @property
    def closed_object(self) -> str:
        """Path of an object that no longer allows unnamed properties; "" if there is none."""
        for change in self.adaptations:
            if change.action == "changed" and change.field.endswith("additionalProperties"):
                return change.field
        return ""


class _Untranslatable(Exception):  # internal to this file
    def __init__(self, path: str, why: str = "it is infinite") -> None:
        super().__init__(why)
        self.path = path


def schema_text(schema: Mapping[str, Any]) -> LLMResult[str]:
    """Return the schema as JSON text. Fails with InvalidRequest if it contains itself or a value that is not JSON."""
    try:
        return Success(json_text(schema))
    except RecursionError:
        return Failure(InvalidRequest(message="the schema contains itself", param=""))
    except ENCODE_ERRORS as error:
        return Failure(InvalidRequest(message=f"the schema is not JSON: {error}", param=""))


def validate_schema(schema: Mapping[str, Any]) -> LLMResult[JsonSchema]:
    """Return the schema. Fails with InvalidRequest if it contains itself or a value that is not JSON."""
    return schema_text(schema).map(lambda _: dict(schema))


def translate_schema(
    schema: Mapping[str, Any], profile: SchemaProfile, *, root: RootOf = "any"
) -> LLMResult[AdaptedSchema]:
    """Translate a schema to a profile. `root`: it is of a tool's arguments, or of a response that must be an object.

    Fails with InvalidRequest if it contains itself, is nested too deep, or is recursive where the profile forbids it; for a
    keyword whose value no draft of JSON Schema allows; for a reference without a target; for a root that is no object.

    >>> from llm_pure.schema.profiles import OPENAI_STRICT
    >>> translate_schema({"type": "object", "properties": {"a": {"type": "string"}}}, OPENAI_STRICT).unwrap().schema
    {'type': 'object', 'properties': {'a': {'type': ['string', 'null']}}, 'required': ['a'], 'additionalProperties': False}
    """
    checked = validate_schema(schema)
    if isinstance(checked, Failure):
        return checked
    source = merge_definitions(checked.unwrap(), profile)
    writer = _Writer(source, profile)
    try:
        if not profile.recursive:
            recursive = find_recursion(source)
            if recursive:
                raise _Untranslatable(f"/{recursive}", "it is recursive")
        node = source if root == "any" else writer.object_root(is_tool=root == "arguments")
        translated = writer.write(node, "", ())
        writer.add_moved(translated)
        writer.check_limits(translated, is_tool=root == "arguments")
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
        self.nesting = 0
        self.moved: dict[str, str] = {}
        """Recursive references to other places than definitions -> the names of their targets in `$defs`."""

    def object_root(self, *, is_tool: bool) -> JsonSchema:
        """The root as an object schema."""
        try:
            return object_root(
                self.root,
                self.profile,
                lambda ref: self._target(ref, ""),
                self._reporter(""),
                is_tool=is_tool,
            )
        except InvalidRoot as error:
            raise _Untranslatable("/type", str(error)) from None
        except InvalidKeyword as error:
            raise _Untranslatable(f"/{error.keyword}", str(error)) from None

    def write(self, node: Any, path: str, references: tuple[str, ...]) -> Any:
        """Translate a node. `references`: those resolved on the way to it."""
        if isinstance(node, bool):
            return self._boolean(node, path)
        if not isinstance(node, dict):
            raise _Untranslatable(path, "a schema is an object, true or false")
        self.written += 1
        self.nesting = max(self.nesting, path.count("/properties/"))
        if self.written > SIZE_LIMIT:
            raise _Untranslatable(path, f"it has more than {SIZE_LIMIT} subschemas")
        if path.count("/") + len(references) > DEPTH_LIMIT:
            raise _Untranslatable(path)
        try:
            node = normalize_node(node, self._reporter(path), nullable=self.profile.nullable)
        except InvalidKeyword as error:
            raise _Untranslatable(f"{path}/{error.keyword}", str(error)) from None
        node = fit_all_of(node, self.profile, self._reporter(path))
        reference = node.get("$ref")
        if isinstance(reference, str):
            reference = self._current_reference(reference)
            node = {**node, "$ref": reference}
            beside = {key: value for key, value in node.items() if not key.startswith("$")}
            inline = self.profile.inline or not in_definitions(reference)
            if inline or (self.profile.bare_references and beside):
                return self._resolve(node, reference, path, references)
            self._target(reference, path)
        node = self._rephrase(node, path)
        translated: JsonSchema = {}
        for key, value in node.items():
            location = f"{path}/{key}"
            if self.profile.inline and key in ("$defs", "definitions"):
                continue  # each reference has its target in its place
            if self._is_unsupported(key, value, path):
                keyword_supported = key in ("format", "pattern") and self.profile.supports(key)
                self._omit(key, value, location, str(value) if keyword_supported else "")
            elif key in SCHEMA_MAPS:
                translated[key] = {
                    name: self.write(subschema, f"{location}/{name}", references)
                    for name, subschema in value.items()
                    if not (subschema is False and self._is_forbidden(f"{location}/{name}"))
                }
            elif key in SCHEMA_LISTS:
                translated[key] = [
                    self.write(subschema, f"{location}/{number}", references)
                    for number, subschema in enumerate(value)
                ]
            elif key in SCHEMA_KEYS and not (isinstance(value, bool) and key in _MAY_BE_BOOLEAN):
                translated[key] = self.write(value, location, references)
            else:
                translated[key] = self._clamp(key, value, location)
        return self._complete(translated, path)

    def _complete(self, translated: JsonSchema, path: str) -> JsonSchema:
        """Add what the service requires of a node with these keywords."""
        profile = self.profile
        if translated.get("type") == "object" or "properties" in translated:
            self._close_object(translated, path)
        if profile.named_required and "required" in translated:
            self._name_required(translated, path)
        if profile.array_items and "items" not in translated:
            types = translated.get("type")
            if types == "array" or (isinstance(types, list) and "array" in types):
                translated["items"] = self._complete({}, f"{path}/items")
        if profile.typed and not profile.any_value and not has_type(translated):
            raise _Untranslatable(path, "it has no type")
        return fit_type(translated) if profile.typed else translated

    def check_limits(self, translated: JsonSchema, *, is_tool: bool) -> None:
        """Raise _Untranslatable if the schema is too large, or has names that the service rejects."""
        pattern = self.profile.property_names
        if is_tool and pattern is not None:
            for name in translated.get("properties", ()):
                if not pattern.fullmatch(name):
                    why = f"{name!r} does not match {pattern.pattern}"
                    raise _Untranslatable(f"/properties/{name}", why)
        for limit, size, name in (
            (self.profile.max_subschemas, self.written, "subschemas"),
            (self.profile.max_nesting, self.nesting, "levels of objects"),
        ):
            if limit is not None and size > limit:
                raise _Untranslatable("", f"it has more than {limit} {name}")
        if is_tool and self.profile.required_argument and not translated.get("required"):
            raise _Untranslatable("/required", "it needs a required property")

    def _reporter(self, path: str) -> Any:
        return lambda keyword, action, reason: self._report(f"{path}/{keyword}", action, reason)

    def _boolean(self, node: bool, path: str) -> Any:
        """`true` and `false` as schemas."""
        if self.profile.boolean_schemas:
            return node
        if node:
            return self._complete({}, path)
        if self.profile.supports("not"):
            return {"not": {}}
        self._report(path, "dropped", f"{self.profile.name} has no schema that allows nothing")
        return {}

    def _is_forbidden(self, location: str) -> bool:
        """Report a property that may not be there, where `false` is no schema."""
        if self.profile.boolean_schemas or not location.rpartition("/")[0].endswith("properties"):
            return False
        self._report(location, "dropped", f"{self.profile.name} has no boolean schemas")
        return True

    def _current_reference(self, reference: str) -> str:
        if self.profile.supports("definitions"):
            return reference
        return reference.replace("#/definitions/", "#/$defs/", 1)

    def _target(self, reference: str, path: str) -> JsonSchema:
        target = resolve_ref(self.root, reference)
        if target is None:
            raise _Untranslatable(f"{path}/$ref", f"{reference!r} has no target in it")
        return target

    def _resolve(
        self, node: JsonSchema, reference: str, path: str, references: tuple[str, ...]
    ) -> Any:
        target = self._target(reference, path)
        if reference in references and self.profile.inline:
            reason = f"{self.profile.name} has no references; what is deeper is not described"
            self._report(f"{path}/$ref", "changed", reason, reference)
            return self._complete({"type": target["type"]} if "type" in target else {}, path)
        if reference in references:  # recursive: it stays, without its sibling keywords
            for key, value in node.items():
                if key != "$ref":
                    self._omit(key, value, f"{path}/{key}", "beside a $ref")
            if not in_definitions(reference):
                name = self.moved.setdefault(reference, f"recursive_{len(self.moved)}")
                reference = f"#/$defs/{name}"
            return {"$ref": reference}
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return self.write({**target, **beside}, path, (*references, reference))

    def add_moved(self, translated: JsonSchema) -> None:
        """Add the targets of recursive references outside the definitions: zod writes "#/properties/a" for them."""
        added: set[str] = set()
        while new := self.moved.keys() - added:
            reference = min(new)
            added.add(reference)
            name = self.moved[reference]
            written = self.write(self._target(reference, ""), f"/$defs/{name}", (reference,))
            translated["$defs"] = {**translated.get("$defs", {}), name: written}

    def _rephrase(self, node: JsonSchema, path: str) -> JsonSchema:
        """Rephrase unsupported keywords: const as enum, oneOf as anyOf, tuples as lists."""
        supports = self.profile.supports
        if "const" in node and not supports("const") and "enum" not in node and supports("enum"):
            node = rename_key(node, "const", "enum", [node["const"]])
            self._report(f"{path}/const", "rewritten", f"{self.profile.name} uses enum")
        if "oneOf" in node and not supports("oneOf") and "anyOf" not in node and supports("anyOf"):
            node = rename_key(node, "oneOf", "anyOf", node["oneOf"])
            self._report(f"{path}/oneOf", "rewritten", f"{self.profile.name} uses anyOf")
        if "prefixItems" in node and not supports("prefixItems"):
            node = fit_tuple(node, self.profile, self._reporter(path))
        if self.profile.named_required or not self.profile.type_beside_union:
            node = share_properties(node)
        if not self.profile.type_beside_union:
            node = fit_union(node)
        if "enum" in node:
            node = fit_enum(node, self.profile, self._reporter(path))
        if "exclusiveMinimum" in node or "exclusiveMaximum" in node:
            node = fit_exclusive_bounds(node, self.profile, self._reporter(path))
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
        silent = key in ANNOTATIONS or key.startswith("x-")
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
                    properties[name] = make_nullable(subschema)
                    reason = f"{profile.name} has no optional properties; it may be null"
                    self._report(f"{path}/properties/{name}", "changed", reason)
            translated["required"] = list(properties)
        if profile.closed_objects and translated.get("additionalProperties") is not False:
            if is_open or "additionalProperties" in translated:
                reason = f"{profile.name} allows no unnamed properties"
                location = f"{path}/additionalProperties"
                self._report(location, "changed", reason, translated.get("additionalProperties"))
            translated["additionalProperties"] = False

    def _name_required(self, translated: JsonSchema, path: str) -> None:
        """Leave out of `required` what is not a property."""
        required = translated["required"]
        properties = translated.get("properties", {})
        unnamed = [name for name in required if name not in properties]
        if unnamed:
            reason = f"{self.profile.name} requires the schema of a required property"
            self._report(f"{path}/required", "changed", f"{reason}: {', '.join(unnamed)}")
            kept = [name for name in required if name in properties]
            translated["required"] = kept
            if not kept:
                del translated["required"]

    def _report(
        self,
        location: str,
        action: Literal["dropped", "changed", "clamped", "rewritten"] | str,
        reason: str,
        before: Any = None,
        after: Any = None,
    ) -> None:
        short = before if isinstance(before, str | int | float | bool | None) else None
        self.adaptations.append(
            Adaptation(
                field=location.lstrip("/"),
                action=cast("Literal['dropped', 'changed', 'clamped', 'rewritten']", action),
                reason=reason,
                before=short,
                after=after,
            )
        )
