"""The official `openai` package's parameter types as a checker of request bodies, made strict.

Left as they are, TypedDicts pass over unknown keys and never look into an Iterable; here an unknown key is an error at
every depth, and lists are read to their end.
"""

from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import SchemaValidator

Schema = Any


@cache
def checker(parameters: type) -> SchemaValidator:
    """`checker(CompletionCreateParamsNonStreaming).validate_python(body)` raises ValidationError on a wrong body."""
    return SchemaValidator(_strict(TypeAdapter(parameters).core_schema))


def _strict(schema: Schema) -> Schema:
    if isinstance(schema, list | tuple):
        return type(schema)([_strict(one) for one in schema])
    if not isinstance(schema, dict):
        return schema
    inner = {key: value if key == "metadata" else _strict(value) for key, value in schema.items()}
    if inner.get("type") == "typed-dict":
        return {**inner, "extra_behavior": "forbid", "config": {}}
    if inner.get("type") == "generator":
        return {**inner, "type": "list"}
    return inner
