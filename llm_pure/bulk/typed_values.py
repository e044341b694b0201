"""Typed answers of a run: a completion -> a value of the run's schema. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.result import LLMResult, error_of


def typed_value(
    schema: Mapping[str, Any] | None, kind: Any, completion: Completion
) -> LLMResult[Any]:
    """Return the value of a completion. schema: as it was sent. kind: the type to return, or the schema for plain JSON.

    Fails with ProtocolError if the answer does not match, and with IncompleteAnswer or ContentFiltered as `ask_typed` does.
    """
    # imported late: most runs have no schema
    from llm_pure.client.completeness import require_complete
    from llm_pure.output.structured import answer_name, parse_structured

    complete = require_complete(completion, answer_name(schema if schema is not None else kind))
    return complete.bind(lambda answer: parse_structured(answer, kind))


def typed_error(schema: Mapping[str, Any], completion: Completion) -> LLMError | None:
    """Return the error of a completion that is no value of the schema. It has no partial answer: that is the completion."""
    error = error_of(typed_value(schema, schema, completion))
    if error is None:
        return None
    nothing = Completion() if error.kind == "incomplete" else None
    return msgspec.structs.replace(error, partial=nothing)


_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Keywords with schemas by names of the user's own."""
_VALUES = frozenset({"const", "default", "enum", "examples"})


_ASSERTIONS = frozenset({
    "$dynamicRef", "$ref", "additionalProperties", "allOf", "anyOf", "const", "enum", "if", "items", "maxLength", "maximum",
    "minLength", "minimum", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "properties", "required", "type",
})  # fmt: skip
"""Keywords that say what is valid; a schema has at least one of them."""


def schema_error(schema: Mapping[str, Any]) -> InvalidConfiguration | None:
    """The error of a schema that would be paid for every row in vain: none, but an example of an answer or an OpenAI
    `response_format` around one, so that any answer matches; or with a type that JSON Schema does not have, so that none does.

    >>> schema_error({"properties": {"type": {"type": "text"}}}).message
    "the schema has the type 'text' at /properties/type: JSON has array, boolean, integer, null, number, object, string"
    """
    if schema and _ASSERTIONS.isdisjoint(schema):
        message = f"the schema has no keyword of JSON Schema such as type or properties, but {', '.join(map(str, schema))}"
        remedy = "pass the schema alone, and no example of an answer"
        return InvalidConfiguration(message=message, field="schema", remedy=remedy)
    waiting: list[tuple[str, Any, bool]] = [("", schema, False)]
    while waiting:
        path, node, by_name = waiting.pop()
        if isinstance(node, list):
            waiting += [(f"{path}/{index}", item, False) for index, item in enumerate(node)]
        if not isinstance(node, Mapping):
            continue
        kinds = [] if by_name or "type" not in node else node["type"]
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if not isinstance(kind, str) or kind not in _TYPES:
                message = f"the schema has the type {kind!r} at {path or '/'}: JSON has {', '.join(sorted(_TYPES))}"
                return InvalidConfiguration(
                    message=message, field="schema", remedy="correct the schema"
                )
        waiting += [
            (f"{path}/{name}", item, name in _NAMED and not by_name)
            for name, item in node.items()
            if by_name or name not in _VALUES
        ]
    return None
