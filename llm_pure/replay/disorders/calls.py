"""Disorders of the pieces of tool calls in chat completions and DashScope: indexes, ids, names. Pure.

Which call a piece belongs to is read from the well-formed answer first: by its index, and by a new id with a name. A disorder
that takes an identity away applies only where the order of the pieces still shows it.
"""

from collections.abc import Callable

import msgspec

from llm_pure.replay.disorders.answer import JsonObject
from llm_pure.replay.disorders.choices import choices_of, message_of
from llm_pure.replay.disorders.disorder import (
    DASHSCOPE,
    OPENAI_CHAT,
    Disorder,
    EditJson,
    decoded_object,
    editing_json,
    json_dict,
    json_list,
)


class CallPiece(msgspec.Struct, kw_only=True):
    """A piece of a tool call in one frame."""

    json: JsonObject
    function: JsonObject
    call: tuple[int, int]
    """Index of the choice, and number of the call in it."""
    first: bool
    """It begins the call."""
    position: int
    """In the list of its frame."""
    call_id: str
    """The call's id."""
    name: str
    """The call's name so far."""


Pieces = list[CallPiece]


def call_pieces(values: list[JsonObject]) -> Pieces:
    """Return all pieces in order."""
    pieces: Pieces = []
    current: dict[tuple[int, object], CallPiece] = {}
    counts: dict[int, int] = {}
    for value in values:
        for choice in choices_of(value):
            number = choice.get("index") or 0
            for position, call in enumerate(json_list(message_of(choice).get("tool_calls"))):
                function = json_dict(call.get("function"))
                call_id, name = call.get("id") or "", function.get("name") or ""
                before = current.get((number, call.get("index")))
                first = before is None or bool(call_id and name and call_id != before.call_id)
                if first:
                    counts[number] = counts.get(number, -1) + 1
                piece = CallPiece(
                    json=call,
                    function=function,
                    call=(number, counts[number]) if first or before is None else before.call,
                    first=first,
                    position=position,
                    call_id=call_id if first or before is None else before.call_id,
                    name=name if first or before is None else before.name,
                )
                current[number, call.get("index")] = piece
                pieces.append(piece)
    return pieces


EditPieces = Callable[[Pieces], bool]
"""Change the pieces in place; False: a precondition does not hold."""


def _editing(edit: EditPieces) -> EditJson:
    def edit_json(values: list[JsonObject]) -> bool:
        pieces = call_pieces(values)
        return bool(pieces) and edit(pieces)

    return edit_json


def _continued(pieces: Pieces) -> Pieces:
    return [piece for piece in pieces if not piece.first]


def _in_turn(pieces: Pieces) -> bool:
    """Return whether each call ends before the next one of its choice begins, and begins with an id or a name."""
    last: dict[int, int] = {}
    for piece in pieces:
        choice, number = piece.call
        if number < last.get(choice, 0) or (piece.first and not (piece.call_id and piece.name)):
            return False
        last[choice] = number
    return True


def _indexed(pieces: Pieces) -> bool:
    """Return whether every call has one index of its own."""
    calls = {(piece.call[0], piece.json.get("index")): piece.call for piece in reversed(pieces)}
    return len(calls) == len({piece.call for piece in pieces}) and all(
        isinstance(piece.json.get("index"), int)
        and calls[piece.call[0], piece.json["index"]] == piece.call
        for piece in pieces
    )


def _without_indexes(pieces: Pieces) -> bool:
    if not _in_turn(pieces):
        return False
    for piece in pieces:
        piece.json.pop("index", None)
    return True


def _renumbered(pieces: Pieces) -> bool:
    for piece in pieces if _indexed(pieces) else []:
        piece.json["index"] = 2 * piece.json["index"] + 1
    return _indexed(pieces)


def _per_event(pieces: Pieces) -> bool:
    """Number the calls of each frame from 0. A piece must belong to the last call that began at its position."""
    if not _in_turn(pieces):
        return False
    current: dict[tuple[int, int], tuple[int, int]] = {}
    for piece in pieces:
        place = (piece.call[0], piece.position)
        if piece.first:
            current[place] = piece.call
        elif current.get(place) != piece.call:
            return False
        piece.json["index"] = piece.position
    return True


def _only_ids(index: int | None) -> EditPieces:
    """Put the call's id into every piece; the indexes are left out, or all the same. Pieces may be interleaved."""

    def edit(pieces: Pieces) -> bool:
        ids = {piece.call_id: piece.call for piece in pieces}
        if "" in ids or len(ids) != len({piece.call for piece in pieces}):
            return False
        for piece in pieces:
            piece.json["id"] = piece.call_id
            if index is None:
                piece.json.pop("index", None)
            else:
                piece.json["index"] = index
        return True

    return edit


def _on_continued(change: Callable[[CallPiece, int], None], *, indexed: bool = True) -> EditPieces:
    """Change each piece but the first one of its call."""

    def edit(pieces: Pieces) -> bool:
        later = _continued(pieces)
        if indexed and not _indexed(pieces):
            return False
        for number, piece in enumerate(later):
            change(piece, number)
        return bool(later)

    return edit


def _nameless(edit: EditPieces) -> EditPieces:
    """Apply only if no later piece has a name."""
    return lambda pieces: (
        not any(piece.function.get("name") for piece in _continued(pieces)) and edit(pieces)
    )


def _set_id(make: Callable[[CallPiece, int], str]) -> Callable[[CallPiece, int], None]:
    def change(piece: CallPiece, number: int) -> None:
        piece.json["id"] = make(piece, number)

    return change


def _set_name(make: Callable[[CallPiece], str | None]) -> Callable[[CallPiece, int], None]:
    def change(piece: CallPiece, number: int) -> None:
        piece.json.setdefault("function", piece.function)["name"] = make(piece)

    return change


def _null_text(piece: CallPiece, number: int) -> None:
    piece.json["id"] = "null"
    piece.json.setdefault("function", piece.function)["name"] = ""


def _without_ids(pieces: Pieces) -> bool:
    for piece in pieces if _indexed(pieces) else []:
        piece.json.pop("id", None)
    return _indexed(pieces)


def _without_types(pieces: Pieces) -> bool:
    for piece in pieces:
        piece.json.pop("type", None)
    return True


def _arguments_as_objects(pieces: Pieces) -> bool:
    for piece in pieces:
        text = piece.function.get("arguments")
        value = decoded_object(text) if isinstance(text, str) else None
        if value is None:
            return False
        piece.function["arguments"] = value
    return True


def _late_names(pieces: Pieces) -> bool:
    """Move each name into the second piece of its call; the first one has the id alone."""
    starts = {piece.call: piece for piece in pieces if piece.first}
    seconds: dict[tuple[int, int], CallPiece] = {}
    for piece in _continued(pieces):
        seconds.setdefault(piece.call, piece)
    usable = _indexed(pieces) and seconds.keys() == starts.keys()
    if not usable or any(
        piece.function.get("arguments") or not piece.call_id for piece in starts.values()
    ):
        return False
    for call, piece in seconds.items():
        starts[call].function.pop("name", None)
        piece.json.setdefault("function", piece.function)["name"] = starts[call].name
    return True


def _names_in_pieces(pieces: Pieces) -> bool:
    """Move the second half of each name into the next piece of its call."""
    if not _indexed(pieces) or any(piece.function.get("name") for piece in _continued(pieces)):
        return False
    done = set()
    starts = {piece.call: piece for piece in pieces if piece.first}
    for piece in _continued(pieces):
        name = starts[piece.call].name
        middle = len(name) // 2
        if piece.call not in done and middle and name[:middle] != name[middle:]:
            starts[piece.call].function["name"] = name[:middle]
            piece.json.setdefault("function", piece.function)["name"] = name[middle:]
            done.add(piece.call)
    return bool(done)


_BOTH = (OPENAI_CHAT, DASHSCOPE)


def _disorder(name: str, description: str, source: str, edit: EditPieces, *, ids: bool = False,
    streamed: bool | None = True) -> Disorder:  # fmt: skip
    return Disorder(
        name=name,
        description=description,
        source=source,
        dialects=_BOTH,
        streamed=streamed,
        may_differ=("tool_call_ids",) if ids else (),
        deform=editing_json(_editing(edit)),
    )


CALL_DISORDERS: tuple[Disorder, ...] = (
    _disorder("call_indexes_left_out", "calls without an index, one after the other", "Gemini's compatible API, llama.cpp, one-api",
        _without_indexes, streamed=None),
    _disorder("call_indexes_renumbered", "calls numbered from 1 in steps of 2", "gateways that count content blocks (LiteLLM)",
        _renumbered, streamed=None),
    _disorder("call_indexes_per_event", "calls numbered from 0 in every chunk", "Ollama, Gemini's compatible API, vLLM forks", _per_event),
    _disorder("call_ids_without_indexes", "the id in every piece of a call, no index", "answers.md: an id that both have decides",
        _only_ids(None)),
    _disorder("call_ids_under_one_index", "the id in every piece of a call, index 0 for all calls", "gateways that know one call",
        _only_ids(0)),
    _disorder("call_ids_per_piece", "another id in every piece of a call", "answers.md B: Kimi, LM Studio",
        _nameless(_on_continued(_set_id(lambda piece, number: f"{piece.call_id}_{number}")))),
    _disorder("call_ids_repeated", "the id in every piece of a call", "Mistral, Together",
        _on_continued(_set_id(lambda piece, _: piece.call_id), indexed=False)),
    _disorder("call_ids_empty", "an empty id in the later pieces of a call", "DashScope, Ark",
        _on_continued(_set_id(lambda piece, _: ""))),
    _disorder("call_ids_null_text", 'id "null" and an empty name in the later pieces of a call', "answers.md B: Mistral",
        _nameless(_on_continued(_null_text))),
    _disorder("call_ids_left_out", "calls without an id", "older vLLM and llama.cpp", _without_ids, ids=True, streamed=None),
    _disorder("call_types_left_out", "calls without `type`", "Mistral, Gemini's compatible API", _without_types, streamed=None),
    _disorder("call_names_repeated", "the name in every piece of a call", "answers.md C: NVIDIA's MiniMax",
        _on_continued(_set_name(lambda piece: piece.name), indexed=False)),
    _disorder("call_names_empty", "an empty name in the later pieces of a call", "LM Studio, SiliconFlow",
        _nameless(_on_continued(_set_name(lambda piece: ""), indexed=False))),
    _disorder("call_names_null", "name null in the later pieces of a call", "vLLM, SGLang",
        _nameless(_on_continued(_set_name(lambda piece: None), indexed=False))),
    _disorder("call_names_late", "the name of a call in its second piece", "servers that send the id first", _late_names),
    _disorder("call_names_in_pieces", "the name of a call in two pieces", "answers.md C: Moonshot, local servers", _names_in_pieces),
    Disorder(name="call_arguments_as_objects", description="the arguments of a call as an object", source="Ollama's compatible API, older vLLM",
        dialects=(OPENAI_CHAT,), streamed=False, deform=editing_json(_editing(_arguments_as_objects))),
)  # fmt: skip
