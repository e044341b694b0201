"""Disorders of values, for all dialects: numbers as text, null for optional fields, unknown fields. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from llm_pure.replay.disorders.answer import JsonObject, RecordedAnswer
from llm_pure.replay.disorders.disorder import (
    ALL_DIALECTS,
    ANTHROPIC,
    COHERE,
    CONVERSE,
    DASHSCOPE,
    GEMINI,
    LLAMA,
    OLLAMA,
    OPENAI_CHAT,
    RESPONSES,
    UNKNOWN_FIELD,
    Deform,
    Disorder,
    editing_json,
    json_dict,
    json_list,
    objects,
)

_CONTENT = frozenset({
    "arguments", "input", "args", "partialArgs", "parameters", "schema", "logprobs", "logprobsResult", "metadata", "tools",
})  # fmt: skip
"""Fields that hold what the model or the user wrote, or measures of it: never changed."""

_USAGE = ("usage", "usageMetadata", "metrics", "x_groq")
_USAGE_ENDINGS = ("_count", "_duration")
_INDEXES = ("index", "output_index", "content_index", "summary_index", "contentBlockIndex")
_TIMES = ("created", "created_at", "completed_at")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _usage_as_text(values: list[JsonObject]) -> bool:
    changed = False
    for item in [item for value in values for item in objects(value, _CONTENT)]:
        for name, field in item.items():
            if name.endswith(_USAGE_ENDINGS) and _is_number(field):
                item[name], changed = str(field), True
            if name in _USAGE:
                for counts in objects(field):
                    for count_name, count in counts.items():
                        if _is_number(count):
                            counts[count_name], changed = str(count), True
    return changed


def _fields_as_text(names: tuple[str, ...]) -> Callable[[list[JsonObject]], bool]:
    def edit(values: list[JsonObject]) -> bool:
        changed = False
        for item in [item for value in values for item in objects(value, _CONTENT)]:
            for name in names:
                if _is_number(item.get(name)):
                    item[name], changed = str(item[name]), True
        return changed

    return edit


def _add_unknown_fields(values: list[JsonObject]) -> bool:
    for value in values:
        items = [item for item in objects(value, _CONTENT) if item]
        for number, item in enumerate(items):
            item[UNKNOWN_FIELD] = ("text", 1, None, True, [1], {"a": {"b": []}})[number % 6]
    return bool(values)


def _leave_out_nulls(values: list[JsonObject]) -> bool:
    changed = False
    for item in [item for value in values for item in objects(value, _CONTENT)]:
        for name in [name for name, field in item.items() if field is None]:
            del item[name]
            changed = True
    return changed


_RESPONSE = (
    "error incomplete_details instructions max_output_tokens previous_response_id reasoning temperature text tool_choice tools "
    "top_p truncation usage user service_tier metadata output_text completed_at"
)
_CANDIDATE = (
    "content finishReason finishMessage safetyRatings citationMetadata groundingMetadata urlContextMetadata avgLogprobs "
    "logprobsResult tokenCount index"
)
_PART = (
    "text thought thoughtSignature functionCall functionResponse inlineData fileData executableCode codeExecutionResult "
    "videoMetadata"
)
_LINE = (
    "done_reason error total_duration load_duration prompt_eval_count prompt_eval_duration eval_count eval_duration context "
    "logprobs remote_model"
)

OptionalFields: TypeAlias = Iterator[tuple[JsonObject, str]]
"""An object of a body, and the names of its optional fields."""


def _openai_chat(body: JsonObject) -> OptionalFields:
    yield body, "system_fingerprint service_tier usage error"
    for choice in json_list(body.get("choices")):
        yield choice, "finish_reason logprobs native_finish_reason message delta"
        for name in ("message", "delta"):
            yield from _openai_message(choice.get(name))
    if isinstance(body.get("usage"), dict):
        yield body["usage"], "prompt_tokens_details completion_tokens_details cost"


def _openai_message(message: Any) -> OptionalFields:
    if not isinstance(message, dict):
        return
    yield (
        message,
        "role content refusal reasoning_content reasoning reasoning_details tool_calls function_call audio annotations images",
    )
    for call in json_list(message.get("tool_calls")):
        yield call, "id type function"
        if isinstance(call.get("function"), dict):
            yield call["function"], "name arguments"


def _dashscope(body: JsonObject) -> OptionalFields:
    yield body, "usage code message"
    output = json_dict(body.get("output"))
    yield output, "text finish_reason choices"
    for choice in json_list(output.get("choices")):
        yield choice, "logprobs finish_reason"
        message = choice.get("message")
        if isinstance(message, dict):
            yield message, "role content reasoning_content tool_calls"
            for call in json_list(message.get("tool_calls")):
                yield call, "id type"
                yield json_dict(call.get("function")), "name arguments"


def _anthropic(body: JsonObject) -> OptionalFields:
    message = json_dict(body.get("message")) if body.get("type") == "message_start" else body
    if message.get("type") == "message":
        yield message, "stop_reason stop_sequence container context_management stop_details"
        yield json_dict(message.get("usage")), _ANTHROPIC_USAGE
        for block in json_list(message.get("content")):
            yield from _anthropic_block(block)
    if body.get("type") == "content_block_start":
        yield from _anthropic_block(json_dict(body.get("content_block")))
    if body.get("type") == "message_delta":
        yield body, "context_management"
        yield json_dict(body.get("delta")), "stop_sequence container"
        yield json_dict(body.get("usage")), "input_tokens " + _ANTHROPIC_USAGE


_ANTHROPIC_USAGE = "cache_creation_input_tokens cache_read_input_tokens cache_creation server_tool_use service_tier"


def _anthropic_block(block: JsonObject) -> OptionalFields:
    if block.get("type") == "text":
        yield block, "citations"
    if block.get("type") == "tool_use":
        yield block, "caller cache_control"


def _responses(body: JsonObject) -> OptionalFields:
    if "type" in body:
        yield body, "logprobs obfuscation"
    response = body if body.get("object") == "response" else json_dict(body.get("response"))
    if response:
        yield response, _RESPONSE
    for item in [*json_list(response.get("output")), json_dict(body.get("item"))]:
        kind = item.get("type")
        if kind == "message":
            yield item, "status phase"
            for part in json_list(item.get("content")):
                yield part, "annotations logprobs"
        elif kind == "function_call":
            yield item, "status namespace"
        elif kind == "reasoning":
            yield item, "status content encrypted_content"


def _gemini(body: JsonObject) -> OptionalFields:
    yield body, "promptFeedback usageMetadata modelVersion responseId createTime error"
    for candidate in json_list(body.get("candidates")):
        yield candidate, _CANDIDATE
        for part in json_list(json_dict(candidate.get("content")).get("parts")):
            yield part, _PART


def _cohere(body: JsonObject) -> OptionalFields:
    yield body, "logprobs" if "type" in body else "logprobs usage"
    delta = json_dict(body.get("delta"))
    message = body.get("message", delta.get("message"))
    if isinstance(message, dict):
        yield message, "content tool_plan tool_calls citations"
        for block in json_list(message.get("content")):
            yield block, "text thinking"
    if body.get("type") == "message-end":
        yield delta, "error usage"


def _ollama(line: JsonObject) -> OptionalFields:
    yield line, _LINE
    message = line.get("message")
    if isinstance(message, dict):
        yield message, "thinking images tool_calls tool_name"
        for call in json_list(message.get("tool_calls")):
            yield call, "id"
            yield json_dict(call.get("function")), "index description"


def _llama(body: JsonObject) -> OptionalFields:
    message = json_dict(body.get("completion_message"))
    yield message, "tool_calls stop_reason content"
    event = json_dict(body.get("event"))
    yield event, "metrics stop_reason delta"
    yield body, "metrics"


def _converse(body: JsonObject) -> OptionalFields:
    if "output" in body:
        yield body, "additionalModelResponseFields trace performanceConfig serviceTier"
    message = json_dict(json_dict(body.get("output")).get("message"))
    for block in json_list(message.get("content")):
        yield block, "text toolUse reasoningContent image citationsContent toolResult"
    yield json_dict(body.get("delta")), "text toolUse reasoningContent citation toolResult image"
    yield json_dict(body.get("usage")), "cacheReadInputTokens cacheWriteInputTokens"


_OPTIONAL: Mapping[str, Callable[[JsonObject], OptionalFields]] = {
    OPENAI_CHAT: _openai_chat,
    DASHSCOPE: _dashscope,
    ANTHROPIC: _anthropic,
    RESPONSES: _responses,
    GEMINI: _gemini,
    COHERE: _cohere,
    OLLAMA: _ollama,
    LLAMA: _llama,
    CONVERSE: _converse,
}


def _with_nulls(answer: RecordedAnswer) -> RecordedAnswer | None:
    return _null_edits[answer.dialect](answer)


def _adding_nulls(optional: Callable[[JsonObject], OptionalFields]) -> Deform:
    def edit(values: list[JsonObject]) -> bool:
        for value in values:
            for item, names in list(optional(value)):
                for name in names.split():
                    item.setdefault(name, None)
        return bool(values)

    return editing_json(edit)


_null_edits = {dialect: _adding_nulls(optional) for dialect, optional in _OPTIONAL.items()}

VALUE_DISORDERS: tuple[Disorder, ...] = (
    Disorder(
        name="usage_as_text",
        description="the numbers of the usage as text",
        source="protobuf's JSON writes int64 as text; gateways in PHP",
        dialects=ALL_DIALECTS,
        may_differ=("number_text",),
        deform=editing_json(_usage_as_text),
    ),
    Disorder(
        name="indexes_as_text",
        description="indexes of choices, calls, items and blocks as text",
        source="gateways in PHP",
        dialects=(OPENAI_CHAT, RESPONSES, ANTHROPIC, GEMINI, COHERE, DASHSCOPE, CONVERSE),
        may_differ=("number_text",),
        deform=editing_json(_fields_as_text(_INDEXES)),
    ),
    Disorder(
        name="times_as_text",
        description="`created` and `created_at` as text",
        source="gateways in PHP; protobuf's JSON",
        dialects=(OPENAI_CHAT, RESPONSES),
        may_differ=("number_text",),
        deform=editing_json(_fields_as_text(_TIMES)),
    ),
    Disorder(
        name="nulls_added",
        description="null for every optional field that is missing",
        source="servers in Java, Go and pydantic that write all fields",
        dialects=tuple(_OPTIONAL),
        deform=_with_nulls,
    ),
    Disorder(
        name="nulls_left_out",
        description="no fields with null",
        source="servers that write no null (`exclude_none`)",
        dialects=ALL_DIALECTS,
        deform=editing_json(_leave_out_nulls),
    ),
    Disorder(
        name="unknown_fields",
        description="an unknown field in every object but the model's own",
        source="all providers add fields; gateways add theirs",
        dialects=ALL_DIALECTS,
        may_differ=("text_parts",),
        deform=editing_json(_add_unknown_fields),
    ),
)
