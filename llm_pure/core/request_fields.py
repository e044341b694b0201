"""The rarer work on fields of one request, alike for every dialect: types, headers, query, and the choice of some tools.

A value of another type is InvalidRequest, with the nearest valid word. This module is imported only when a request needs it.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn, TypeAlias, TypeVar, get_args
from urllib.parse import quote, urlencode

import msgspec

from llm_pure.core.adaptations import Adaptation, strict_error
from llm_pure.core.provider import Built
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import is_credential
from llm_pure.types.messages import Image
from llm_pure.types.operations import (
    EmbedRequest,
    ImageRequest,
    ListModelsRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import (
    LARGEST_NUMBER,
    AllowedTools,
    AudioOutput,
    ChatRequest,
    Effort,
    Guardrail,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
    Verbosity,
)
from llm_pure.types.result import LLMResult
from llm_pure.types.wrong_types import with_article

R = TypeVar("R", bound=msgspec.Struct)
"""A ChatRequest or a ResolvedRequest."""

Check: TypeAlias = tuple[str, Callable[[Any], bool]]
"""(what a valid value is, whether a value is valid)"""

EFFORTS: tuple[str, ...] = get_args(Effort)
TOOL_CHOICES = ("auto", "none", "required")


def _is_int(value: Any) -> bool:
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and -LARGEST_NUMBER <= value <= LARGEST_NUMBER
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_int(value)


def _is_finite(value: Any) -> bool:
    return _is_number(value) and -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(text, str) for text in value)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _are_text_fields(value: Any) -> bool:
    return _is_object(value) and all(isinstance(text, str) for text in value.values())


def _has(value: Any, struct: type, **fields: Any) -> bool:
    """Whether the value is this Struct, with fields of these types."""
    return isinstance(value, struct) and all(
        isinstance(getattr(value, name), kind) for name, kind in fields.items()
    )


_INT: Check = ("an integer", _is_int)
_NUMBER: Check = ("a number", _is_number)
_TEXT: Check = ("a string", _is_text)
_BOOL: Check = ("true or false", _is_bool)
_OBJECT: Check = ("a mapping with string keys", _is_object)
_TEXT_FIELDS: Check = ("a mapping of strings", _are_text_fields)


def _one_of(values: tuple[str, ...], *structs: type, others: Callable[[Any], bool]) -> Check:
    words = ", ".join([*map(repr, values), *[with_article(struct.__name__) for struct in structs]])
    if structs:
        words += ", or such a mapping of OpenAI's or Anthropic's API"

    def is_valid(value: Any) -> bool:
        return value in values if isinstance(value, str) else others(value)

    return words, is_valid


def _is_reasoning(value: Any) -> bool:
    if isinstance(value, ReasoningRequest):
        return (
            (value.effort is None or value.effort in EFFORTS)
            and (value.budget_tokens is None or _is_budget(value.budget_tokens))
            and _is_bool(value.enabled)
            and _is_bool(value.summary)
        )
    return _is_bool(value) or _is_budget(value)


def _is_budget(value: Any) -> bool:
    return _is_int(value) and value >= -1  # -1: the model chooses


def _is_tool_choice(value: Any) -> bool:
    match value:
        case NamedToolChoice(name=str()):
            return True
        case AllowedTools(names=names, mode=mode):
            return _are_texts(names) and mode in ("auto", "required")
        case _:
            return False


CHECKS: Mapping[str, Check] = {
    "model": _TEXT,
    "tool_choice": _one_of(TOOL_CHOICES, NamedToolChoice, AllowedTools, others=_is_tool_choice),
    "parallel_tool_calls": _BOOL,
    "response_format": (
        "a JsonFormat, a SchemaFormat, or such a mapping of OpenAI's API (LLM.ask_typed takes a type)",
        lambda value: (
            isinstance(value, JsonFormat)
            or (_has(value, SchemaFormat, name=str, schema=Mapping) and _is_object(value.schema))
        ),
    ),
    "max_tokens": _INT,
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "top_k": _INT,
    "stop": (
        "a string or a sequence of strings",
        lambda value: isinstance(value, str) or _are_texts(value),
    ),
    "seed": _INT,
    "presence_penalty": _NUMBER,
    "frequency_penalty": _NUMBER,
    "repetition_penalty": _NUMBER,
    "n": _INT,
    "best_of": _INT,
    "logprobs": ("true, false or an integer", lambda value: isinstance(value, int)),
    "reasoning": (
        f"{', '.join(map(repr, EFFORTS))}, a budget in tokens, or a ReasoningRequest of these",
        lambda value: value in EFFORTS if isinstance(value, str) else _is_reasoning(value),
    ),
    "stream": _BOOL,
    "metadata": _OBJECT,
    "user": _TEXT,
    "service_tier": _TEXT,
    "verbosity": _one_of(get_args(Verbosity), others=lambda value: False),
    "prompt_cache_key": _TEXT,
    "store": _BOOL,
    "previous_response_id": _TEXT,
    "modalities": ("a sequence of strings", _are_texts),
    "audio": (
        "an AudioOutput",
        lambda value: _has(value, AudioOutput, voice=str, format=str | None),
    ),
    "safety_settings": _TEXT_FIELDS,
    "cached_content": _TEXT,
    "guardrail": (
        "a Guardrail",
        lambda value: _has(value, Guardrail, id=str, version=str, trace=str | None),
    ),
    "logit_bias": (
        "a mapping of token ids to numbers",
        lambda value: (
            isinstance(value, Mapping)
            and all(isinstance(key, str | int) for key in value)
            and all(map(_is_finite, value.values()))
        ),
    ),
    "prediction": _TEXT,
    "headers": _TEXT_FIELDS,
    "query": _TEXT_FIELDS,
    "extra": _OBJECT,
}
"""Field -> its type. Messages and tools are checked where they are read."""


_COUNT: Check = ("an integer of at least 1", lambda value: _is_int(value) and value >= 1)
_POSITIVE: Check = ("a number above 0", lambda value: _is_finite(value) and value > 0)
_NOT_NEGATIVE: Check = ("a number of at least 0", lambda value: _is_finite(value) and value >= 0)
_BYTES: Check = ("bytes", lambda value: isinstance(value, bytes | bytearray))
_IMAGE: Check = ("an image", lambda value: isinstance(value, bytes | bytearray | Image))
_TEXTS: Check = (
    "a string or a sequence of strings",
    lambda value: isinstance(value, str) or _are_texts(value),
)

OPERATION_CHECKS: Mapping[type, Mapping[str, Check]] = {
    EmbedRequest: {"input": _TEXTS, "model": _TEXT, "dimensions": _COUNT, "task": _TEXT, "encoding": _TEXT, "extra": _OBJECT},
    ImageRequest: {
        "prompt": _TEXT,
        "images": (
            "a sequence of images",
            lambda value: isinstance(value, tuple | list) and all(map(_IMAGE[1], value)),
        ),
        "mask": _IMAGE,
        "n": _COUNT,
        **dict.fromkeys(("model", "size", "quality", "style", "background", "output_format", "response_format"), _TEXT),
        "extra": _OBJECT,
    },
    SpeechRequest: {
        **dict.fromkeys(("input", "voice", "model", "instructions", "response_format", "stream_format"), _TEXT),
        "speed": _POSITIVE,
        "extra": _OBJECT,
    },
    TranscriptionRequest: {
        "audio": _BYTES,
        **dict.fromkeys(("filename", "model", "language", "prompt", "response_format"), _TEXT),
        "temperature": _NOT_NEGATIVE,
        "timestamps": ("a sequence of strings", _are_texts),
        "extra": _OBJECT,
    },
    ModerationRequest: {"input": _TEXTS, "model": _TEXT, "extra": _OBJECT},
    ListModelsRequest: {"page": _TEXT},
}  # fmt: skip
"""Requests besides chat: field -> its type."""


def operation_problem(request: Any) -> tuple[str, str]:
    """Return the first field of a request besides chat whose value has a wrong type, and what is wrong; "" if all are right.

    None is right for a field that may be left out.
    """
    checks = OPERATION_CHECKS.get(type(request), {})
    for field in msgspec.structs.fields(type(request)):
        check, value = checks.get(field.name), getattr(request, field.name)
        if check is None or (value is None and field.default is None) or check[1](value):
            continue
        return field.name, f"{field.name} must be {check[0]}, not {_shown(value)[:80]}"
    return "", ""


def field_problem(field: str, value: Any, name: str | None = None) -> str:
    """Return what is wrong with the value of a field, "" if its type is right. `name`: the field's name in the message.

    >>> field_problem("temperature", "hot")
    "temperature must be a number, not 'hot'"
    >>> field_problem("reasoning", "hgh").partition("; ")[2]
    "did you mean 'high'?"
    """
    words, is_valid = CHECKS[field]
    if is_valid(value):
        return ""
    shown = _shown(value)
    if field == "reasoning" and isinstance(value, ReasoningRequest):
        effort, budget = str(value.effort), value.budget_tokens
        if effort in (*EFFORTS, "None"):
            shown = f"one with budget_tokens {_shown(budget)}"
        else:
            value, shown = value.effort, f"one with effort {_shown(value.effort)}"
    near: list[str] = []
    if isinstance(value, str):
        known = {
            "reasoning": EFFORTS,
            "tool_choice": TOOL_CHOICES,
            "verbosity": get_args(Verbosity),
        }
        near = get_close_matches(value.lower(), known.get(field, ()), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{name or field} must be {words}, not {shown[:80]}{hint}"


def _shown(value: object) -> str:
    # Python refuses to print it
    if isinstance(value, int) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return f"an integer of {value.bit_length()} bits"
    return repr(value) if isinstance(value, str | int | float) else type(value).__name__


def check_fields(request: ChatRequest, provider: str) -> None:
    """Raise Rejected with InvalidRequest for the first field whose value has a wrong type."""
    for field in CHECKS:
        value = getattr(request, field, None)
        if value is None:
            continue
        problem = field_problem(field, value)
        if problem:
            reject_field(field, problem, provider)


def check_setting(name: str, value: object, config_name: str, provider: str) -> None:
    """Raise Rejected with InvalidConfiguration if a setting of the configuration has a wrong type."""
    problem = field_problem(name, value, config_name)
    if problem:
        raise Rejected(InvalidConfiguration(message=problem, field=config_name, provider=provider))


def reject_field(field: str, message: str, provider: str) -> NoReturn:
    """Raise Rejected with the InvalidRequest of a field."""
    raise Rejected(InvalidRequest(message=message, param=field, provider=provider))


def reject_number(setting: str, value: Any, low: float, high: float, provider: str) -> NoReturn:
    """Raise Rejected with the InvalidRequest of a setting that is not from `low` to `high`, or not valid JSON."""
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        shown = value if isinstance(value, float) else f"an integer of {value.bit_length()} bits"
        reject_field(setting, f"{setting}={shown} is not valid JSON", provider)
    bounds = f"at least {low:g}" if high == LARGEST_NUMBER else f"from {low:g} to {high:g}"
    reject_field(setting, f"{setting} must be {bounds}, not {value}", provider)


def narrow_tools(request: R) -> tuple[R, tuple[Adaptation, ...]]:
    """For services without a choice among allowed tools: return the request with these tools only, and the adaptation."""
    choice, tools = getattr(request, "tool_choice", None), getattr(request, "tools", ())
    if not isinstance(choice, AllowedTools):
        return request, ()
    kept = tuple([tool for tool in tools if tool_name(tool) in choice.names])
    reason = "the service has no choice among allowed tools; only they are sent"
    narrowed = msgspec.structs.replace(request, tools=kept, tool_choice=choice.mode)
    return narrowed, (
        Adaptation(field="tool_choice", action="changed", reason=reason, before=choice.names),
    )


def tool_name(tool: object) -> str:
    """The name by which a tool is chosen; of a tool that the provider runs, its own name or else its type."""
    fields = tool.json if isinstance(tool, NativeTool) else tool
    if isinstance(fields, Mapping):
        function = fields.get("function", fields.get("custom", fields))
        named = function if isinstance(function, Mapping) else fields
        return str(named.get("name") or fields.get("type") or "")
    return str(getattr(tool, "name", None) or getattr(tool, "__name__", ""))


def request_config(config: LLMConfig, request: ChatRequest) -> LLMConfig:
    """Return the configuration with the request's headers: for `authorize`, which adds those that are credentials."""
    if not request.headers:
        return config
    headers = (*config.headers, *request.headers.items())
    return msgspec.structs.replace(config, headers=headers)


@returns_failure
def build_prepared(
    build: Callable[[LLMConfig, ChatRequest], LLMResult[Built]],
    provider: str,
    config: LLMConfig,
    request: ChatRequest,
    *,
    narrow: bool,
    strict: bool = False,
) -> Built:
    """Build with the request's headers in the configuration and its query in the URL. `narrow`: send allowed tools only."""
    check_fields(request, provider)
    adaptations: tuple[Adaptation, ...] = ()
    if narrow:
        request, adaptations = narrow_tools(request)
    for name in request.query or ():
        if is_credential(name.lower()):
            message = f"query/{name} is a credential; set api_key, or send it in a header"
            reject_field(f"query/{name}", message, provider)
    if strict:
        error = strict_error(adaptations, provider=provider)
        if error is not None:
            raise Rejected(error)
    query = request.query
    plain = msgspec.structs.replace(request, headers=None, query=None)
    built = ok(build(request_config(config, request), plain))
    if query:
        url, sign, fragment = built.request.url.partition("#")
        joined = (
            f"{url}{'&' if '?' in url else '?'}{urlencode(query, quote_via=quote)}{sign}{fragment}"
        )
        built = msgspec.structs.replace(
            built, request=msgspec.structs.replace(built.request, url=joined)
        )
    return msgspec.structs.replace(built, adaptations=(*adaptations, *built.adaptations))
