"""Fit the tools and the response format of a request to a service: their schemas, and their names.

A schema that allows unnamed properties is sent without `strict`. If the response schema cannot be sent in any form,
`FittedRequest.schema_error` says why, and the dialect puts the schema into the prompt.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.framing.json_codec import ENCODE_ERRORS, decode_any
from llm_pure.schema.profiles import TOOL_NAME, SchemaProfile, SchemaProfiles
from llm_pure.types.errors import InvalidRequest, LLMError
from llm_pure.types.messages import ToolCall, ToolResult
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import (
    AllowedTools,
    JsonSchema,
    NamedToolChoice,
    NativeTool,
    SchemaFormat,
    Tool,
)

if TYPE_CHECKING:
    from llm_pure.schema.translate import AdaptedSchema, RootOf


class FittedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with schemas and names that the service accepts."""

    request: ResolvedRequest
    adaptations: tuple[Adaptation, ...] = ()
    schema_error: str = ""
    """Why the response schema cannot be sent; "" if it can."""

    def require_schema(self, provider: str) -> None:
        """For dialects that do not describe a schema in the prompt: raise Rejected if it cannot be sent."""
        if self.schema_error:
            raise Rejected(
                InvalidRequest(
                    message=self.schema_error, param="response_format/schema", provider=provider
                )
            )


@returns_failure
def fit_schemas(
    request: ResolvedRequest, profiles: SchemaProfiles, *, provider: str
) -> FittedRequest:
    """Translate the schemas of tools and of the response format, and rename tools where their names do not fit.

    Fails with InvalidRequest when a schema is not JSON, when a tool's schema cannot be expressed in the profile, when a tool
    has no name or that of another tool.
    """
    is_schema = isinstance(request.response_format, SchemaFormat)
    if not (request.tools or request.has_calls or is_schema):
        return FittedRequest(request=request)
    adaptations: list[Adaptation] = []
    if profiles.tool_name is not None and not _names_fit(request, profiles.tool_name):
        from llm_pure.core.tool_names import rename_tools  # imported late: start-up

        request, renamed = rename_tools(request, profiles.tool_name, provider=provider)
        adaptations += renamed
    if not request.tools and not is_schema:
        return FittedRequest(request=request, adaptations=tuple(adaptations))
    try:
        tools, changes = _fit_tools(request.tools, profiles.tools, profiles.strict_tools)
    except Rejected as rejected:
        raise Rejected(msgspec.structs.replace(rejected.error, provider=provider)) from None
    adaptations += changes
    if tools is not request.tools:
        request = msgspec.structs.replace(request, tools=tools)
    if isinstance(request.tool_choice, NamedToolChoice | AllowedTools) and tools:
        from llm_pure.core.tool_names import check_choice  # imported late: start-up

        request = check_choice(request, adaptations)
    response_format, schema_error = request.response_format, ""
    if isinstance(response_format, SchemaFormat):
        path, original = "response_format", response_format.schema
        response_format = _with_fitting_name(response_format, adaptations)
        try:
            schema, strict = _fit(
                original,
                response_format.strict,
                profiles.responses,
                profiles.strict_responses,
                path,
                adaptations,
                is_tool=False,
            )
            response_format = msgspec.structs.replace(response_format, schema=schema, strict=strict)
        except Rejected as rejected:
            schema_error = rejected.error.message
            invalid = _validated(original)
            if invalid is not None:
                invalid = _at(invalid, f"{path}/schema")
                raise Rejected(msgspec.structs.replace(invalid, provider=provider)) from None
        request = msgspec.structs.replace(request, response_format=response_format)
    return FittedRequest(request=request, adaptations=tuple(adaptations), schema_error=schema_error)


def _names_fit(request: ResolvedRequest, pattern: re.Pattern[str]) -> bool:
    """True if no name has to change; tools of one name are for `rename_tools` to judge."""
    fits = pattern.fullmatch
    names = [tool.name for tool in request.tools if isinstance(tool, Tool)]
    if len(set(names)) < len(names) or not all(map(fits, names)):
        return False
    for message in request.messages if request.has_calls else ():
        for part in message.parts:
            if type(part) is not ToolCall and type(part) is not ToolResult:
                continue
            name = part.name
            if name is not None and not fits(name) and (name or type(part) is ToolCall):
                return False
    return True


def _with_fitting_name(
    response_format: SchemaFormat, adaptations: list[Adaptation]
) -> SchemaFormat:
    name = response_format.name
    if TOOL_NAME.fullmatch(name):
        return response_format
    fitting = re.sub("[^a-zA-Z0-9_-]", "_", name)[:64] or "answer"
    adaptations.append(
        Adaptation(
            field="response_format/name",
            action="renamed",
            reason="a name has at most 64 letters, digits, hyphens and underscores",
            before=name,
            after=fitting,
        )
    )
    return msgspec.structs.replace(response_format, name=fitting)


_Schemas: TypeAlias = tuple[tuple[JsonSchema, bool | None] | None, ...]
"""Of each tool: its schema, and `strict`; None for a tool that the provider runs itself, or that stays as it is."""


def _fit_tools(
    tools: tuple[Tool | NativeTool, ...],
    profile: SchemaProfile,
    strict_profile: SchemaProfile | None,
) -> tuple[tuple[Tool | NativeTool, ...], tuple[Adaptation, ...]]:
    """The tools with the schemas and `strict` to send, and what changed. Raises Rejected."""
    schemas = tuple(
        [(tool.parameters, tool.strict) if isinstance(tool, Tool) else None for tool in tools]
    )
    try:
        data = msgspec.json.encode(schemas)
    except ENCODE_ERRORS:
        data = b""  # _fit_each says where
    fitted, changes = (
        _fit_json(data, profile, strict_profile)
        if 0 < len(data) <= _CACHED_BYTES
        else _fit_each(schemas, profile, strict_profile)
    )
    if not any(fitted):
        return tools, changes
    replaced = [
        tool if sent is None else msgspec.structs.replace(tool, parameters=sent[0], strict=sent[1])
        for tool, sent in zip(tools, fitted, strict=True)
    ]
    return tuple(replaced), changes


_CACHED_BYTES = 128 * 1024
"""Schemas of more JSON are looked up one by one, so that the tools of few requests cannot fill the memory."""


@lru_cache(maxsize=32)
def _fit_json(
    data: bytes, profile: SchemaProfile, strict_profile: SchemaProfile | None
) -> tuple[_Schemas, tuple[Adaptation, ...]]:
    """`_fit_each` by the JSON of the schemas: the tools of an agent are the same in every request. None: it stays as it is."""
    fitted, changes = _fit_each(tuple(msgspec.json.decode(data)), profile, strict_profile)
    before = msgspec.json.decode(data, type=tuple[msgspec.Raw, ...])
    sent = [
        None if msgspec.json.encode(after) == bytes(raw) else after
        for raw, after in zip(before, fitted, strict=True)
    ]
    return tuple(sent), changes


def _fit_each(
    schemas: _Schemas, profile: SchemaProfile, strict_profile: SchemaProfile | None
) -> tuple[_Schemas, tuple[Adaptation, ...]]:
    """Fit the schemas of all tools. Raises Rejected, with the path of the schema that cannot be sent."""
    fitted: list[tuple[JsonSchema, bool | None] | None] = []
    changes: list[Adaptation] = []
    for index, own in enumerate(schemas):
        if own is None:
            fitted.append(None)
            continue
        path = f"tools/{index}"
        try:
            fitted.append(_fit(*own, profile, strict_profile, path, changes, is_tool=True))
        except Rejected as rejected:
            raise Rejected(_at(rejected.error, f"{path}/parameters")) from None
    return tuple(fitted), tuple(changes)


def _fit(
    schema: JsonSchema,
    strict: bool | None,
    profile: SchemaProfile | None,
    strict_profile: SchemaProfile | None,
    path: str,
    adaptations: list[Adaptation],
    *,
    is_tool: bool,
) -> tuple[JsonSchema, bool | None]:
    """Return the schema and `strict` to send, and append what changed. Raises Rejected."""
    schema_path = f"{path}/{'parameters' if is_tool else 'schema'}"
    if strict and strict_profile is not None:
        try:
            adapted = _translate_lossless(schema, strict_profile, is_tool=is_tool)
            adaptations += _under(schema_path, adapted)
            return adapted.schema, strict
        except Rejected as rejected:
            adaptations.append(
                Adaptation(
                    field=f"{path}/strict",
                    action="dropped",
                    reason=rejected.error.message,
                    before=True,
                )
            )
            strict = False
    if profile is None:
        invalid = _validated(schema)
        if invalid is not None:
            raise Rejected(invalid)
        return schema, strict
    adapted = _translate_lossless(schema, profile, is_tool=is_tool)
    adaptations += _under(schema_path, adapted)
    return adapted.schema, strict


def _validated(schema: JsonSchema) -> LLMError | None:
    """The error of a schema that is not JSON, None if it is."""
    from llm_pure.schema.translate import validate_schema  # imported late: start-up

    return validate_schema(schema).swap().value_or(None)


def _translate_lossless(
    schema: JsonSchema, profile: SchemaProfile, *, is_tool: bool
) -> "AdaptedSchema":
    """Translate; raise Rejected if an object would lose properties that its schema allows without naming them."""
    try:
        data = msgspec.json.encode(schema)
    except ENCODE_ERRORS:
        invalid = _validated(schema)
        if invalid is None:
            raise
        raise Rejected(invalid) from None
    adapted = _translated(data, profile, is_tool)
    if adapted.closed_object:
        message = f"{profile.name} allows no unnamed properties"
        raise Rejected(InvalidRequest(message=message, param=adapted.closed_object))
    return adapted


@lru_cache(maxsize=512)
def _translated(data: bytes, profile: SchemaProfile, is_tool: bool) -> "AdaptedSchema":
    """The translation of a schema, by its JSON."""
    from llm_pure.schema.translate import translate_schema  # imported late: start-up

    schema = ok(decode_any(data, provider=""))
    root: RootOf = "arguments" if is_tool else "response" if profile.object_root else "any"
    return ok(translate_schema(schema, profile, root=root))


def _under(path: str, adapted: "AdaptedSchema") -> list[Adaptation]:
    return [
        msgspec.structs.replace(adaptation, field=f"{path}/{adaptation.field}")
        for adaptation in adapted.adaptations
    ]


def _at(error: LLMError, path: str) -> InvalidRequest:
    """The error with its path below `path`."""
    inner = (error.param or "").lstrip("/") if isinstance(error, InvalidRequest) else ""
    return InvalidRequest(message=error.message, param=f"{path}/{inner}" if inner else path)
