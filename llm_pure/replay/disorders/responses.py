"""Disorders of Responses streams: places and ids of items, deltas and final items left out. Pure."""

from collections import Counter
from collections.abc import Callable

from llm_pure.replay.disorders.answer import Frame, JsonObject
from llm_pure.replay.disorders.disorder import (
    RESPONSES,
    Difference,
    Disorder,
    EditFrames,
    EditJson,
    editing_frames,
    editing_json,
    json_dict,
    json_list,
)

_ADDED, _DONE = "response.output_item.added", "response.output_item.done"
_PART_ADDED = ("response.content_part.added", "response.reasoning_summary_part.added")
_ARGUMENTS_DONE = "response.function_call_arguments.done"
_STARTS = ("response.created", "response.in_progress", "response.queued")
_ENDS = ("response.completed", "response.incomplete")
_ITEM_TYPES = frozenset({"message", "reasoning", "function_call", "custom_tool_call"})


def _kind(value: JsonObject | None) -> str:
    return str((value or {}).get("type"))


def _item_id(value: JsonObject) -> str | None:
    return value.get("item_id") or json_dict(value.get("item")).get("id")


def _identified(values: list[JsonObject]) -> bool:
    """Return whether every event of an item has its id, and every item one id."""
    events = [value for value in values if "output_index" in value]
    pairs = {(value["output_index"], _item_id(value)) for value in events}
    places = {place for place, _ in pairs}
    ids = {item_id for _, item_id in pairs}
    return bool(pairs) and None not in ids and len(pairs) == len(places) == len(ids)


def _in_turn(values: list[JsonObject]) -> bool:
    """Return whether each item is done before the next one is added."""
    current = None
    for value in [value for value in values if "output_index" in value]:
        if current not in (None, value["output_index"]) or (
            current is None and _kind(value) != _ADDED
        ):
            return False
        current = None if _kind(value) == _DONE else value["output_index"]
    return True


def _without_output_indexes(values: list[JsonObject]) -> bool:
    if not _identified(values) and not _in_turn(values):
        return False
    for value in values:
        value.pop("output_index", None)
    return True


def _without_places(values: list[JsonObject]) -> bool:
    """Take output_index and item_id out, if each item is done before the next one is added."""
    if not _in_turn(values):
        return False
    for value in values:
        value.pop("output_index", None)
        value.pop("item_id", None)
    return True


def _set_output_indexes(number: Callable[[int], int]) -> EditJson:
    def edit(values: list[JsonObject]) -> bool:
        for value in values:
            if isinstance(value.get("output_index"), int):
                value["output_index"] = number(value["output_index"])
        return True

    return edit


def _all_zero(values: list[JsonObject]) -> bool:
    return _identified(values) and _set_output_indexes(lambda _: 0)(values) is True


def _without_part_indexes(values: list[JsonObject]) -> bool:
    """Take the indexes of parts out, if no item has a second part."""
    names = ("content_index", "summary_index")
    if any(value.get(name) for value in values for name in names):
        return False
    for value in values:
        for name in names:
            value.pop(name, None)
    return True


def _ids_per_event(values: list[JsonObject]) -> bool:
    """Another id of the item in every event but the final one, which shows the item itself."""
    events = [value for value in values if "output_index" in value and _kind(value) != _DONE]
    for number, value in enumerate(events):
        holder, name = (
            (value["item"], "id") if isinstance(value.get("item"), dict) else (value, "item_id")
        )
        if isinstance(holder.get(name), str):
            holder[name] = f"{holder[name]}{number}"
    return bool(events)


def _without_item_ids(values: list[JsonObject]) -> bool:
    for value in values:
        value.pop("item_id", None)
    return all("output_index" in value for value in values if _item_id(value))


def _readable(values: list[JsonObject]) -> bool:
    """Return whether all items are of types whose final item repeats all deltas."""
    items = [value["item"] for value in values if _kind(value) == _DONE]
    return bool(items) and all(item.get("type") in _ITEM_TYPES for item in items)


def _ends(values: list[JsonObject]) -> list[JsonObject]:
    return [json_dict(value.get("response")) for value in values if _kind(value) in _ENDS]


def _dropping(drop: Callable[[str], bool]) -> EditFrames:
    """Leave out events by type. The final items, and the final response, must show all that they say."""

    def edit(frames: list[Frame]) -> list[Frame] | None:
        values = [value for frame in frames if (value := frame.json()) is not None]
        ends, items = _ends(values), [value["item"] for value in values if _kind(value) == _DONE]
        if not ends or not _readable(values) or json_list(ends[-1].get("output")) != items:
            return None
        if drop(_ARGUMENTS_DONE) and not _shows_arguments(values, items):
            return None
        return [frame for frame in frames if frame.json() is None or not drop(_kind(frame.json()))]

    return edit


def _shows_arguments(values: list[JsonObject], items: list[JsonObject]) -> bool:
    """Return whether the final items have the arguments of each event that ends the arguments of a call."""
    ended = Counter(value.get("arguments") for value in values if _kind(value) == _ARGUMENTS_DONE)
    return ended <= Counter(item.get("arguments") for item in items)


def _is_delta(kind: str) -> bool:
    return kind.endswith(".delta")


def _is_part_event(kind: str) -> bool:
    """Events that repeat a part of an item: its beginning and its end."""
    return kind in _PART_ADDED or (kind.endswith(".done") and kind != _DONE)


def _without_output(values: list[JsonObject]) -> bool:
    """Empty the output of the final response: the final items have shown it."""
    ends, items = _ends(values), [value["item"] for value in values if _kind(value) == _DONE]
    if not ends or not items or json_list(ends[-1].get("output")) != items:
        return False
    ends[-1]["output"] = []
    return True


def _arguments_in_done_event(frames: list[Frame]) -> list[Frame] | None:
    """Leave out a call's deltas, and the arguments in its final item and in the response: its `arguments.done` has them."""
    done = _ARGUMENTS_DONE
    kinds = [_kind(frame.json()) for frame in frames]
    if done not in kinds or kinds.count(done) != sum(_is_call(frame.json()) for frame in frames):
        return None
    result: list[Frame] = []
    for frame, kind in zip(frames, kinds, strict=True):
        value = frame.json() or {}
        if kind == "response.function_call_arguments.delta":
            continue
        items = [
            *json_list(json_dict(value.get("response")).get("output")),
            json_dict(value.get("item")),
        ]
        for item in items:
            if item.get("type") == "function_call":
                item["arguments"] = ""
        result.append(frame.with_json(value) if value else frame)
    return result


def _last_deltas_left_out(frames: list[Frame]) -> list[Frame] | None:
    """Leave out the last delta of each part that has several; final items and events say more."""
    last: dict[object, int] = {}
    counts: Counter[object] = Counter()
    for index, frame in enumerate(frames):
        value = frame.json() or {}
        if _is_delta(_kind(value)):
            part = (
                _kind(value),
                *[
                    value.get(name)
                    for name in ("item_id", "output_index", "content_index", "summary_index")
                ],
            )
            last[part] = index
            counts[part] += 1
    removed = {index for part, index in last.items() if counts[part] > 1}
    if _dropping(lambda _: False)(frames) is None:  # the final items do not say everything
        return None
    return [frame for index, frame in enumerate(frames) if index not in removed]


def _deltas_only(frames: list[Frame]) -> list[Frame] | None:
    """Leave out final items and the final response's output, if they say no more than `added` events and deltas."""
    values = [value for frame in frames if (value := frame.json()) is not None]
    finals = [value for value in values if _kind(value) == _DONE]
    ends = _ends(values)
    items = [value["item"] for value in finals]
    if not ends or not items or json_list(ends[-1].get("output")) != items:
        return None
    added = {_place(value) for value in values if _kind(value) == _ADDED}
    texts: dict[object, str] = {}
    for value in values:
        if _is_delta(_kind(value)):
            texts[_place(value)] = texts.get(_place(value), "") + str(value.get("delta"))
    if not all(
        _place(value) in added and _only_text(value["item"]) == texts.get(_place(value), "")
        for value in finals
    ):
        return None
    result = []
    for frame in frames:
        value = frame.json() or {}
        if _kind(value) in _ENDS:
            value["response"]["output"] = []
        if _kind(value) != _DONE:
            result.append(frame.with_json(value) if value else frame)
    return result


def _place(value: JsonObject) -> object:
    return value.get("output_index", _item_id(value))


def _only_text(item: JsonObject) -> str | None:
    """Return the text of a message that is all of it, or a call's arguments; None for other items."""
    parts = json_list(item.get("content"))
    if item.get("type") == "function_call":
        return str(item.get("arguments"))
    if item.get("type") != "message" or len(parts) != 1:
        return None
    plain = not any(parts[0].get(name) for name in ("annotations", "logprobs"))
    return str(parts[0].get("text")) if plain else None


def _is_call(value: JsonObject | None) -> bool:
    is_done = _kind(value) == _DONE
    return is_done and json_dict((value or {}).get("item")).get("type") == "function_call"


def _repeated(*types: str) -> EditFrames:
    """Send each event of these types twice."""
    return lambda frames: [
        item for frame in frames for item in (frame,) * (1 + (_kind(frame.json()) in types))
    ]


def _with_sequence(values: list[JsonObject]) -> bool:
    for number, value in enumerate(values):
        value["sequence_number"] = number
    return True


def _without_sequence(values: list[JsonObject]) -> bool:
    for value in values:
        value.pop("sequence_number", None)
    return True


def _disorder(name: str, description: str, source: str, *, json: EditJson | None = None,
    frames: EditFrames | None = None, may_differ: tuple[Difference, ...] = ()) -> Disorder:  # fmt: skip
    deform = (
        editing_frames(frames) if frames is not None else editing_json(json or _without_sequence)
    )
    return Disorder(
        name=name,
        description=description,
        source=source,
        dialects=(RESPONSES,),
        streamed=True,
        may_differ=may_differ,
        deform=deform,
    )


RESPONSES_DISORDERS: tuple[Disorder, ...] = (
    _disorder("output_indexes_left_out", "events without output_index", "answers.md D: llama.cpp", json=_without_output_indexes),
    _disorder("places_left_out", "events without output_index and item_id, one item after the other",
        "answers.md D: the item added last", json=_without_places),
    _disorder("output_indexes_renumbered", "items numbered from 1 in steps of 2", "gateways that leave out items",
        json=_set_output_indexes(lambda index: 2 * index + 1)),
    _disorder("output_indexes_all_zero", "output_index 0 in every event, with the ids of items", "gateways that know one item",
        json=_all_zero),
    _disorder("part_indexes_left_out", "events without content_index and summary_index", "llama.cpp, LM Studio",
        json=_without_part_indexes),
    _disorder("item_ids_per_event", "another id of the item in every event before its final one", "GitHub Copilot",
        json=_ids_per_event),
    _disorder("item_ids_left_out", "events with output_index and no item_id", "vLLM, gateways", json=_without_item_ids),
    _disorder("deltas_left_out", "no deltas; the final events and items say everything", "gateways that imitate streaming",
        frames=_dropping(_is_delta)),
    _disorder("added_left_out", "no `*.added` events", "gateways", frames=_dropping(lambda kind: kind.endswith(".added"))),
    _disorder("part_events_left_out", "no events of parts but deltas", "Ollama, llama.cpp", frames=_dropping(_is_part_event)),
    _disorder("final_items_only", "only the response's begin, final items and the end", "codex's backend, xAI",
        frames=_dropping(lambda kind: kind not in (*_STARTS, _DONE, *_ENDS))),
    _disorder("final_response_only", "only the response's begin and its end", "gateways that imitate streaming",
        frames=_dropping(lambda kind: kind not in (*_STARTS, *_ENDS))),
    _disorder("final_response_alone", "only the response's end", "gateways that imitate streaming",
        frames=_dropping(lambda kind: kind not in _ENDS)),
    _disorder("starts_left_out", "no response.created and response.in_progress", "OpenRouter, vLLM",
        frames=_dropping(lambda kind: kind in _STARTS)),
    _disorder("final_items_left_out", "no response.output_item.done; the final response has all items", "gateways",
        frames=_dropping(lambda kind: kind == _DONE)),
    _disorder("final_output_empty", "no items in the final response", "codex's backend", json=_without_output),
    _disorder("last_deltas_left_out", "the last delta of every part missing; the final item says more", "answers.md H",
        frames=_last_deltas_left_out),
    _disorder("deltas_only", "no final items, no items in the final response", "answers.md G and H",
        frames=_deltas_only, may_differ=("part_metadata",)),
    _disorder("arguments_in_done_event", "a call's arguments only in function_call_arguments.done", "answers.md G",
        frames=_arguments_in_done_event),
    _disorder("starts_repeated", "response.created and response.in_progress twice", "gateways", frames=_repeated(*_STARTS)),
    _disorder("end_repeated", "the final event twice", "gateways that add their own", frames=_repeated(*_ENDS)),
    _disorder("final_items_repeated", "every response.output_item.done twice", "gateways", frames=_repeated(_DONE)),
    _disorder("sequence_added", "events with sequence_number", "OpenAI", json=_with_sequence),
    _disorder("sequence_left_out", "events without sequence_number", "llama.cpp, Ollama", json=_without_sequence),
)  # fmt: skip
