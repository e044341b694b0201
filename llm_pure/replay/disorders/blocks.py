"""Disorders of streams in blocks: Anthropic, Cohere, Bedrock Converse; and of Ollama's calls. Pure."""

import msgspec

from llm_pure.replay.disorders.answer import Frame, JsonObject
from llm_pure.replay.disorders.disorder import (
    ANTHROPIC,
    COHERE,
    CONVERSE,
    GEMINI,
    OLLAMA,
    Disorder,
    EditFrames,
    EditJson,
    editing_frames,
    editing_json,
    json_dict,
    json_list,
    last_index,
    objects,
)

_INDEX = ("index", "contentBlockIndex")


def _index_name(value: JsonObject) -> str | None:
    return next((name for name in _INDEX if isinstance(value.get(name), int)), None)


def _indexed(values: list[JsonObject]) -> list[tuple[JsonObject, str]]:
    """Return the events of blocks, with the name of their index."""
    return [(value, name) for value in values if (name := _index_name(value)) is not None]


def _is_stop(value: JsonObject, name: str) -> bool:
    if name == "contentBlockIndex":
        return "delta" not in value and "start" not in value
    return str(value.get("type")).endswith(("_stop", "-end"))


def _in_turn(events: list[tuple[JsonObject, str]]) -> bool:
    """Return whether each block ends before the next one begins."""
    current: object = None
    for value, name in events:
        if current not in (None, value[name]):
            return False
        current = None if _is_stop(value, name) else value[name]
    return bool(events) and current is None


def _without_indexes(values: list[JsonObject]) -> bool:
    events = _indexed(values)
    if not _in_turn(events):
        return False
    for value, name in events:
        del value[name]
    return True


def _renumbered(values: list[JsonObject]) -> bool:
    for value, name in _indexed(values):
        value[name] = 2 * value[name] + 1
    return True


def _all_zero(values: list[JsonObject]) -> bool:
    events = _indexed(values)
    if not _in_turn(events):
        return False
    for value, name in events:
        value[name] = 0
    return True


def _repeated(*types: str) -> EditFrames:
    """Send the first event of these types twice."""

    def edit(frames: list[Frame]) -> list[Frame] | None:
        for index, frame in enumerate(frames):
            if (frame.json() or {}).get("type") in types:
                return [*frames[: index + 1], *frames[index:]]
        return None

    return edit


def _repeated_event(name: str) -> EditFrames:
    """Send the event of this name twice."""

    def edit(frames: list[Frame]) -> list[Frame] | None:
        for index, frame in enumerate(frames):
            if frame.event == name:
                return [*frames[: index + 1], *frames[index:]]
        return None

    return edit


def _anthropic_usage(values: list[JsonObject]) -> tuple[JsonObject, list[JsonObject]] | None:
    """Return the message of message_start and the message_delta events, if both have usage."""
    starts = [value["message"] for value in values if value.get("type") == "message_start"]
    deltas = [value for value in values if value.get("type") == "message_delta"]
    holders = [*starts, *deltas]
    if not starts or not deltas or not all(isinstance(item.get("usage"), dict) for item in holders):
        return None
    return starts[0], deltas


def _usage_early(values: list[JsonObject]) -> bool:
    """Put the final usage into message_start."""
    events = _anthropic_usage(values)
    if events is None:
        return False
    start, deltas = events
    for delta in deltas:
        start["usage"] = {**start["usage"], **delta.pop("usage")}
    return True


def _usage_late(values: list[JsonObject]) -> bool:
    """Put all usage into the last message_delta."""
    events = _anthropic_usage(values)
    if events is None:
        return False
    start, deltas = events
    usage = start.pop("usage")
    for delta in deltas:
        usage = {**usage, **delta.pop("usage")}
    deltas[-1]["usage"] = usage
    return True


def _in_start(kind: str, delta_type: str, field: str) -> EditFrames:
    """Put all deltas of blocks of this kind into the event that begins the block."""

    def edit(frames: list[Frame]) -> list[Frame] | None:
        starts: dict[object, int] = {}
        result: list[Frame] = []
        texts: dict[object, str] = {}
        for frame in frames:
            value = frame.json() or {}
            index, delta = value.get("index"), json_dict(value.get("delta"))
            block = json_dict(value.get("content_block"))
            if block.get("type") == kind:
                starts[index] = len(result)
            elif index in starts and delta.get("type") == delta_type:
                if delta.keys() != {"type", field}:
                    return None
                texts[index] = texts.get(index, "") + delta[field]
                continue
            result.append(frame)
        for index, text in texts.items():
            start = result[starts[index]]
            filled = _filled(start.json() or {}, text)
            if filled is None:
                return None
            result[starts[index]] = start.with_json(filled)
        return result if texts else None

    return edit


def _filled(start: JsonObject, text: str) -> JsonObject | None:
    block = start["content_block"]
    if block["type"] == "tool_use":
        try:
            block["input"] = msgspec.json.decode(text or "{}")
        except msgspec.DecodeError:
            return None
    else:
        block[block["type"]] = text
    return start


def _metadata_early(frames: list[Frame]) -> list[Frame] | None:
    """Send Converse's metadata before messageStop."""
    index = next((i for i, frame in enumerate(frames) if frame.event == "metadata"), None)
    stop = next((i for i, frame in enumerate(frames) if frame.event == "messageStop"), None)
    if index is None or stop is None or index < stop:
        return None
    metadata = frames.pop(index)
    frames.insert(stop, metadata)
    return frames


def _finish_twice(frames: list[Frame]) -> list[Frame] | None:
    """Repeat the last message_delta."""
    index = last_index(frames, lambda value: value.get("type") == "message_delta")
    return None if index is None else [*frames[: index + 1], *frames[index:]]


def _ollama_calls(field: str) -> EditJson:
    def edit(values: list[JsonObject]) -> bool:
        changed = False
        for value in values:
            for call in json_list(json_dict(value.get("message")).get("tool_calls")):
                for item in (call, json_dict(call.get("function"))):
                    changed = item.pop(field, None) is not None or changed
        return changed

    return edit


def _without_gemini_ids(values: list[JsonObject]) -> bool:
    for item in [
        item for value in values for item in objects(value.get("candidates"), frozenset({"args"}))
    ]:
        json_dict(item.get("functionCall")).pop("id", None)
    return True


def _without_done(values: list[JsonObject]) -> bool:
    for value in values:
        if value.get("done") is False:
            del value["done"]
    return True


def _indexes(name: str, description: str, source: str, edit: EditJson,
    dialects: tuple[str, ...] = (ANTHROPIC, COHERE, CONVERSE)) -> Disorder:  # fmt: skip
    return Disorder(
        name=name,
        description=description,
        source=source,
        dialects=dialects,
        streamed=True,
        deform=editing_json(edit),
    )


def _edited(name: str, description: str, source: str, edit: EditFrames, dialect: str) -> Disorder:
    return Disorder(
        name=name,
        description=description,
        source=source,
        dialects=(dialect,),
        streamed=True,
        deform=editing_frames(edit),
    )


BLOCK_DISORDERS: tuple[Disorder, ...] = (
    _indexes("block_indexes_left_out", "events of blocks without an index, one block after the other",
        "issue 13: gateways whose JSON has no 0 (protobuf, omitempty)", _without_indexes),
    _indexes("block_indexes_renumbered", "blocks numbered from 1 in steps of 2",
        "gateways that leave out blocks (thinking) of the service behind them", _renumbered),
    _indexes("block_indexes_all_zero", "every block numbered 0, one after the other", "gateways that know one block", _all_zero),
    _edited("start_repeated", "message_start twice", "answers.md Y: gateways that repeat it after a ping",
        _repeated("message_start"), ANTHROPIC),
    _edited("message_delta_twice", "message_delta, with finish reason and usage, twice", "gateways that add one for the usage",
        _finish_twice, ANTHROPIC),
    _indexes("anthropic_usage_early", "all usage in message_start", "gateways that know it at once", _usage_early, (ANTHROPIC,)),
    _indexes("anthropic_usage_late", "all usage in message_delta", "new-api, Bigmodel's and Moonshot's Anthropic APIs",
        _usage_late, (ANTHROPIC,)),
    _edited("input_in_block_start", "a call's input in content_block_start, no deltas", "gateways behind Gemini and Ollama",
        _in_start("tool_use", "input_json_delta", "partial_json"), ANTHROPIC),
    _edited("text_in_block_start", "a block's text in content_block_start, no deltas", "gateways that imitate streaming",
        _in_start("text", "text_delta", "text"), ANTHROPIC),
    _edited("thinking_in_block_start", "a block's thinking in content_block_start, no deltas",
        "gateways that imitate streaming", _in_start("thinking", "thinking_delta", "thinking"), ANTHROPIC),
    _edited("metadata_twice", "metadata, with the usage, twice", "gateways", _repeated_event("metadata"), CONVERSE),
    _edited("metadata_early", "metadata before messageStop", "gateways that reorder the end", _metadata_early, CONVERSE),
    _edited("message_stop_twice", "messageStop twice", "gateways", _repeated_event("messageStop"), CONVERSE),
    Disorder(name="ollama_call_indexes_left_out", description="calls without an index", source="Ollama before 0.9",
        dialects=(OLLAMA,), may_differ=("part_metadata",), deform=editing_json(_ollama_calls("index"))),
    Disorder(name="ollama_call_ids_left_out", description="calls without an id", source="Ollama before 0.12",
        dialects=(OLLAMA,), may_differ=("tool_call_ids",), deform=editing_json(_ollama_calls("id"))),
    Disorder(name="gemini_call_ids_left_out", description="calls without an id", source="Gemini before 3, Vertex",
        dialects=(GEMINI,), may_differ=("tool_call_ids", "part_metadata"), deform=editing_json(_without_gemini_ids)),
    Disorder(name="ollama_done_left_out", description="no `done` in lines before the last", source="servers that imitate Ollama",
        dialects=(OLLAMA,), streamed=True, deform=editing_json(_without_done)),
)  # fmt: skip
