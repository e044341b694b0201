"""Types of the client's arguments: a value of another type is an InvalidRequest, never an exception."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import msgspec

from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.messages import safe_repr
from llm_pure.types.result import Failure, is_series, type_name


def as_texts(value: Any) -> Any:
    """Return an iterable of texts as a tuple; a string, and what is no iterable, as it is."""
    return tuple(value) if is_series(value) else value


def invalid_argument(name: str, expected: str | type, value: object) -> Failure[InvalidRequest]:
    """Return the failure of an argument of a wrong type. expected: the type, or what it is in words."""
    if isinstance(expected, type):
        from llm_pure.types.wrong_types import with_article  # imported late: start-up

        expected = with_article(expected.__name__)
    shown = safe_repr(value) if isinstance(value, str | int | float) else type_name(value)
    return Failure(
        InvalidRequest(message=f"{name} must be {expected}, not {shown[:80]}", param=name)
    )


def check_arguments(**arguments: Any) -> Failure[InvalidRequest] | None:
    """Return the failure of the first argument that has a wrong type, None if there is none."""
    for name, value in arguments.items():
        match name:
            case "on_event" | "on_result" | "on_progress":
                is_valid, expected = value is None or callable(value), "a function"
            case "max_concurrency":
                is_valid, expected = type(value) is int, "an integer"
            case "timeout_s":
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                is_valid = value is None or (is_number and value >= 0)
                expected = "a number of seconds"
            case "messages":
                is_valid, expected = is_series(value), "a sequence of messages"
            case "system_msgs":
                is_valid, expected = _are_texts(value), "a string or a sequence of strings"
            case "language":
                is_valid, expected = isinstance(value, str), "a string"
            case _:
                is_valid, expected = True, ""
        if not is_valid:
            return invalid_argument(name, expected, value)
    return None


_OPTIONS = {
    "config": "llm_pure.types.config:LLMConfig",
    "fallbacks": "llm_pure.types.config:LLMConfig",
    "retry": "llm_pure.policy.retry:RetryPolicy",
    "registry": "llm_pure.core.registry:Registry",
    "settings": "llm_pure.transports.base:TransportSettings",
    "limit": "llm_pure.policy.rate_limit:RateLimit",
    "compress": "llm_pure.settings.config_file:CompressSettings",
    "env": "collections.abc:Mapping",
}
"""Argument of LLM -> its type, imported if the argument is set."""


def check_options(**options: Any) -> Failure[InvalidConfiguration] | None:
    """Return the failure of the first argument of LLM that has a wrong type, None if there is none."""
    for name, value in options.items():
        module, _, kind = _OPTIONS[name].partition(":")
        values = value if name == "fallbacks" else (value,)
        is_valid = isinstance(values, list | tuple) and all(
            (item is None and name not in ("config", "fallbacks"))
            or isinstance(item, getattr(import_module(module), kind))
            for item in values
        )
        if not is_valid:
            from llm_pure.types.wrong_types import with_article  # imported late: start-up

            expected = with_article(kind) if name != "fallbacks" else f"a sequence of {kind}"
            if kind not in ("LLMConfig", "Mapping"):
                expected += f" of {module}"
            message = f"{name} must be {expected}, not {_type_names(name, value)}"
            if name == "config" and isinstance(value, str):
                message += "; LLM.from_config takes a name, or PROVIDER:MODEL"
            return Failure(InvalidConfiguration(message=message, field=name))
        if value is not None and name in ("retry", "settings", "limit", "compress"):
            from llm_pure.types.wrong_types import (  # imported late: start-up
                negative_field,
                wrong_type_error,
            )

            error = wrong_type_error(value)
            problem = "" if error is None else error.message
            if not problem and (field := negative_field(value)):
                problem = f"{field} must be a number of at least 0"
            if problem:
                return Failure(InvalidConfiguration(message=f"{name}: {problem}", field=name))
            try:
                hash(value)
            except TypeError as unhashable:
                return Failure(InvalidConfiguration(message=f"{name}: {unhashable}", field=name))
    return None


def _type_names(name: str, value: object) -> str:
    """The type of the value; of a list of fallbacks also the types of its items."""
    kind = type(value).__name__
    if name != "fallbacks" or not isinstance(value, list | tuple):
        return kind
    return f"{kind} of {', '.join(sorted({type(item).__name__ for item in value}))}"


def _are_texts(value: object) -> bool:
    if value is None or isinstance(value, str):
        return True
    return isinstance(value, Sequence) and all(isinstance(text, str) for text in value)


def check_request(request: object, kind: type[msgspec.Struct]) -> Failure[InvalidRequest] | None:
    """Return the failure of a request that is not of this type, or has a field of a wrong type."""
    if not isinstance(request, kind):
        return invalid_argument("request", kind, request)
    from llm_pure.core.request_fields import operation_problem  # imported late: start-up

    field, problem = operation_problem(request)
    return Failure(InvalidRequest(message=problem, param=field)) if problem else None
