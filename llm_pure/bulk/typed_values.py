"""Typed answers of a run: a completion -> a value of the run's schema. Pure."""

from collections.abc import Mapping
from typing import Any

from llm_pure.client.completeness import require_complete
from llm_pure.output.structured import answer_name, parse_structured
from llm_pure.types.completion import Completion
from llm_pure.types.result import LLMResult


def typed_value(
    schema: Mapping[str, Any] | None, kind: Any, completion: Completion
) -> LLMResult[Any]:
    """Return the value of a completion. schema: as it was sent. kind: the type to return, or the schema for plain JSON.

    Fails with ProtocolError if the answer does not match, and with IncompleteAnswer or ContentFiltered as `ask_typed` does.
    """
    complete = require_complete(completion, answer_name(schema if schema is not None else kind))
    return complete.bind(lambda answer: parse_structured(answer, kind))
