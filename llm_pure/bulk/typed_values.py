"""Typed answers of a run: a completion -> a value of the run's schema. Pure."""

from collections.abc import Mapping
from typing import Any

from llm_pure.client.completeness import require_complete
from llm_pure.output.structured import answer_name, parse_structured
from llm_pure.types.completion import Completion
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import LLMResult


def typed_value(
    schema: Mapping[str, Any] | None, kind: Any, completion: Completion
) -> LLMResult[Any]:
    """Return the value of a completion. schema: as it was sent. kind: the type to return, or the schema for plain JSON.

    Fails with ProtocolError if the answer does not match, and with IncompleteAnswer or ContentFiltered as `ask_typed` does.
    """
    complete = require_complete(completion, answer_name(schema if schema is not None else kind))
    return complete.bind(lambda answer: parse_structured(answer, kind))


_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Keywords with schemas by names of the user's own."""
_VALUES = frozenset({"const", "default", "enum", "examples"})


def schema_error(schema: Mapping[str, Any]) -> InvalidConfiguration | None:
    """The error of a schema that no answer can match, as it has a type that JSON Schema does not: every row would be paid.

    >>> schema_error({"properties": {"type": {"type": "text"}}}).message
    "the schema has the type 'text' at /properties/type: JSON has array, boolean, integer, null, number, object, string"
    """
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
