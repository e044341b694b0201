"""Disorders of answers with choices and usage in each frame: chat completions, DashScope, Gemini. Pure."""

import copy
from collections.abc import Callable
from typing import Any

import msgspec

from llm_pure.replay.disorders.answer import Frame, JsonObject
from llm_pure.replay.disorders.disorder import (
    DASHSCOPE,
    GEMINI,
    LLAMA,
    OLLAMA,
    OPENAI_CHAT,
    Disorder,
    EditFrames,
    EditJson,
    editing_frames,
    editing_json,
    json_dict,
    json_list,
)


def choices_of(value: JsonObject) -> list[JsonObject]:
    """Return the choices of a body or frame: at OpenAI, in DashScope's output, or Gemini's candidates."""
    output = json_dict(value.get("output"))
    return json_list(value.get("choices", value.get("candidates", output.get("choices"))))


def message_of(choice: JsonObject) -> JsonObject:
    """Return the choice's delta or message; a new object without one."""
    for name in ("delta", "message", "content"):
        if isinstance(choice.get(name), dict):
            return json_dict(choice[name])
    return {}


def _reason_of(choice: JsonObject) -> Any:
    reason = choice.get("finish_reason", choice.get("finishReason"))
    return None if reason in ("null", "") else reason


def _usage_name(value: JsonObject) -> str | None:
    return next(
        (name for name in ("usage", "usageMetadata") if isinstance(value.get(name), dict)), None
    )


Place = Callable[[list[Frame], str, JsonObject], list[Frame] | None]
"""(frames without usage, the field's name, the usage) -> frames with it."""


def _moving_usage(place: Place) -> EditFrames:
    """Take the last usage out of all frames, and put it elsewhere. Not possible if it stands at another place, too."""

    def edit(frames: list[Frame]) -> list[Frame] | None:
        values = [frame.json() for frame in frames]
        names = [name for value in values if value is not None and (name := _usage_name(value))]
        holders = [
            holder
            for value in values
            if value is not None
            for holder in (json_dict(value.get("x_groq")), *choices_of(value))
        ]
        if not names or any("usage" in holder for holder in holders):
            return None
        name = names[-1]
        usage: JsonObject = {}
        bare: list[Frame] = []
        for frame, value in zip(frames, values, strict=True):
            if value is not None and name in value:
                usage = value.pop(name) or usage
                emptied = "choices" in value and not choices_of(value)
                bare += [] if emptied and value.keys() <= _ENVELOPE else [frame.with_json(value)]
            else:
                bare.append(frame)
        return place(bare, name, usage)

    return edit


_ENVELOPE = frozenset({
    "id", "object", "created", "model", "choices", "system_fingerprint", "service_tier", "obfuscation", "provider",
})  # fmt: skip
"""Fields of a chunk that every other chunk of its stream repeats."""


_OTHER_ENVELOPES = frozenset({
    "candidates", "modelVersion", "responseId", "output", "request_id",
})  # fmt: skip
"""The same of Gemini and DashScope, and where their choices are."""


def _chunks(frames: list[Frame]) -> list[int]:
    """Return the positions of the frames with choices."""
    return [index for index, frame in enumerate(frames) if choices_of(frame.json() or {})]


def _put(frames: list[Frame], index: int, name: str, usage: JsonObject) -> None:
    frames[index] = frames[index].with_json({**(frames[index].json() or {}), name: usage})


def _in_first(frames: list[Frame], name: str, usage: JsonObject) -> list[Frame] | None:
    chunks = _chunks(frames)
    if len(chunks) < 2:
        return None
    _put(frames, chunks[0], name, usage)
    return frames


def _in_every(frames: list[Frame], name: str, usage: JsonObject) -> list[Frame] | None:
    for index in _chunks(frames):
        _put(frames, index, name, usage)
    return frames


def _in_last(frames: list[Frame], name: str, usage: JsonObject) -> list[Frame] | None:
    chunks = _chunks(frames)
    if not chunks:
        return None
    _put(frames, chunks[-1], name, usage)
    return frames


def _in_chunk_of_its_own(choices: Any) -> Place:
    """Put the usage into one more chunk after the last one; its choices are empty, null or missing."""

    def place(frames: list[Frame], name: str, usage: JsonObject) -> list[Frame] | None:
        chunks = _chunks(frames)
        if not chunks:
            return None
        last = frames[chunks[-1]]
        value = last.json() or {}
        field = "candidates" if "candidates" in value else "choices"
        value = {key: item for key, item in value.items() if key in _ENVELOPE | _OTHER_ENVELOPES}
        value.pop(field, None)
        if choices is not msgspec.UNSET:
            value[field] = copy.deepcopy(choices)
        frames.insert(chunks[-1] + 1, last.with_json({**value, name: usage}))
        return frames

    return place


def _twice(frames: list[Frame], name: str, usage: JsonObject) -> list[Frame] | None:
    placed = _in_last(frames, name, usage)
    return None if placed is None else _in_chunk_of_its_own([])(placed, name, usage)


def _finish_twice(frames: list[Frame]) -> list[Frame] | None:
    """Repeat the last frame with a finish reason, without content, usage and anything else of its own."""
    for index in reversed(_chunks(frames)):
        value = frames[index].json() or {}
        finished = [choice for choice in choices_of(value) if _reason_of(choice) is not None]
        if not finished:
            continue
        for name in [name for name in value if name not in _ENVELOPE | _OTHER_ENVELOPES]:
            del value[name]
        for choice in choices_of(value):
            for name in [name for name in choice if name not in _AT_THE_END]:
                del choice[name]
            for name in ("delta", "message"):
                if isinstance(choice.get(name), dict):
                    choice[name] = {"role": "assistant", "content": ""} if name == "message" else {}
            if isinstance(choice.get("content"), dict):
                choice["content"] = {"role": "model", "parts": [{"text": ""}]}
        frames.insert(index + 1, frames[index].with_json(value))
        return frames
    return None


_AT_THE_END = ("index", "delta", "message", "content", "finish_reason", "finishReason", "logprobs")


def _roles(repeated: bool) -> EditJson:
    def edit(values: list[JsonObject]) -> bool:
        messages = [
            choice[name]
            for value in values
            for choice in [*choices_of(value), value]
            for name in ("delta", "message", "content")
            if isinstance(choice.get(name), dict)
        ]
        for message in messages:
            if repeated:
                message["role"] = "model" if "parts" in message else "assistant"
            else:
                message.pop("role", None)
        return bool(messages)

    return edit


def _empty_reasons(values: list[JsonObject]) -> bool:
    """Send an empty finish reason in every chunk that has none."""
    choices = [choice for value in values for choice in choices_of(value)]
    for choice in choices:
        if _reason_of(choice) is None:
            choice["finish_reason"] = ""
    return any(_reason_of(choice) is not None for choice in choices)


def _reasoning_in(*names: str) -> EditJson:
    """Send the reasoning in these fields instead of in its own."""

    def edit(values: list[JsonObject]) -> bool:
        changed = False
        for message in [message_of(choice) for value in values for choice in choices_of(value)]:
            fields = [name for name in ("reasoning_content", "reasoning") if message.get(name)]
            if len(fields) > 1 or message.get("reasoning_details"):
                return False
            for name in fields:
                text, changed = message.pop(name), True
                message.update(dict.fromkeys(names, text))
        return changed

    return edit


def _one_choice(values: list[JsonObject]) -> bool:
    return all(len(choices_of(value)) <= 1 for value in values) and all(
        choice.get("index", 0) == 0 for value in values for choice in choices_of(value)
    )


def _without_choice_indexes(values: list[JsonObject]) -> bool:
    for value in values if _one_choice(values) else []:
        for choice in choices_of(value):
            choice.pop("index", None)
    return _one_choice(values)


def _ids_per_chunk(values: list[JsonObject]) -> bool:
    for number, value in enumerate(values):
        if number and isinstance(value.get("id"), str):
            value["id"] = f"{value['id']}-{number}"
    return True


_USAGE_DIALECTS = (OPENAI_CHAT, DASHSCOPE, GEMINI)


def _usage(
    name: str, description: str, source: str, place: Place, dialects: tuple[str, ...]
) -> Disorder:
    return Disorder(
        name=name,
        description=description,
        source=source,
        dialects=dialects,
        streamed=True,
        deform=editing_frames(_moving_usage(place)),
    )


CHOICE_DISORDERS: tuple[Disorder, ...] = (
    _usage("usage_first", "the usage in the first chunk only", "Perplexity, vLLM's continuous usage; Gemini's prompt count",
        _in_first, _USAGE_DIALECTS),
    _usage("usage_in_every_chunk", "the same usage in every chunk", "Perplexity, xAI, DashScope", _in_every, _USAGE_DIALECTS),
    _usage("usage_last", "the usage in the last chunk with choices", "Mistral, DeepSeek, Groq", _in_last, (OPENAI_CHAT, DASHSCOPE)),
    _usage("usage_without_choices", "the usage in one more chunk without `choices`", "gateways in Go (omitempty)",
        _in_chunk_of_its_own(msgspec.UNSET), (OPENAI_CHAT, GEMINI)),
    _usage("usage_choices_empty", "the usage in one more chunk with empty `choices`", "OpenAI: include_usage",
        _in_chunk_of_its_own([]), (OPENAI_CHAT, GEMINI)),
    _usage("usage_choices_null", "the usage in one more chunk with `choices` null", "gateways in Go (nil slices)",
        _in_chunk_of_its_own(None), (OPENAI_CHAT, GEMINI)),
    _usage("usage_twice", "the usage in the last chunk and in one more", "OpenRouter, LiteLLM", _twice, (OPENAI_CHAT, GEMINI)),
    Disorder(name="finish_twice", description="one more chunk with the finish reason", source="LiteLLM, Azure, Gemini's proxies",
        dialects=_USAGE_DIALECTS, streamed=True, deform=editing_frames(_finish_twice)),
    Disorder(name="roles_repeated", description="a role in every chunk", source="Mistral, Together, vLLM's first chunks",
        dialects=(OPENAI_CHAT,), streamed=True, deform=editing_json(_roles(True))),
    Disorder(name="roles_left_out", description="no roles", source="local servers; Gemini's last chunks",
        dialects=(*_USAGE_DIALECTS, OLLAMA), deform=editing_json(_roles(False))),
    Disorder(name="finish_empty", description="an empty finish reason in every chunk before the last", source="SiliconFlow, Ark, Groq's forks",
        dialects=(OPENAI_CHAT, DASHSCOPE), streamed=True, deform=editing_json(_empty_reasons)),
    Disorder(name="reasoning_renamed", description="reasoning in the field `reasoning`", source="vLLM since 0.12, OpenRouter, Groq",
        dialects=(OPENAI_CHAT,), deform=editing_json(_reasoning_in("reasoning"))),
    Disorder(name="reasoning_content_renamed", description="reasoning in the field `reasoning_content`", source="DeepSeek, vLLM before 0.12",
        dialects=(OPENAI_CHAT,), deform=editing_json(_reasoning_in("reasoning_content"))),
    Disorder(name="reasoning_twice", description="the same reasoning in both fields", source="OpenRouter, LiteLLM, vLLM 0.11",
        dialects=(OPENAI_CHAT,), deform=editing_json(_reasoning_in("reasoning", "reasoning_content"))),
    Disorder(name="choice_indexes_left_out", description="no index of the only choice", source="protobuf's JSON writes no 0",
        dialects=_USAGE_DIALECTS, deform=editing_json(_without_choice_indexes)),
    Disorder(name="ids_per_chunk", description="another id in every chunk", source="gateways that make an id for each",
        dialects=(OPENAI_CHAT, LLAMA), streamed=True, may_differ=("id",), deform=editing_json(_ids_per_chunk)),
)  # fmt: skip
