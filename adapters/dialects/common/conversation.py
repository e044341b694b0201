"""One pass over a conversation before a dialect encodes it: what is replayed, what is left out, in which order, with which ids.

The rules of a service are data: `turn_rules.TurnRules`. Each change that loses something is an adaptation; a change that
keeps the meaning has the action "rewritten" or "renamed". Raises UnsupportedPart for what cannot be put right.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import changed, dropped, rewritten
from llm_pure.adapters.dialects.common.call_ids import with_wire_ids
from llm_pure.adapters.dialects.common.part_filter import PartFilter
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import (
    Document,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from llm_pure.types.rejection import UnsupportedPart

BETWEEN_TURNS = "OK"
"""Text of an assistant's turn that a service requires between results and the user's turn."""

BEFORE_ASSISTANT = "."
"""Text of a user's turn that a service requires before the assistant's.

Bedrock: "A conversation must start with a user message" (deepgram/deepgram-python-sdk#760, pydantic/pydantic-ai#4495);
read 2026-11-30.
"""


def arrange(
    messages: Sequence[Message],
    service: str,
    rules: TurnRules,
    adaptations: list[Adaptation],
    *,
    model: str = "",
) -> list[Turn]:
    """The turns that the dialect encodes, in this order. `service`: the provider's name. `model`: for cache marks and errors."""
    reader = PartFilter(service, rules, adaptations, model, messages)
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        turn = reader.turn(message, f"messages/{index}")
        if turn.parts or not message.parts or turn.role == "assistant":
            turns.append(turn)  # nothing is left of the others: all their parts were reported
    turns = _one_response_each(turns)
    has_calls = ToolCall in reader.kinds or ToolResult in reader.kinds
    if rules.paired_results and has_calls:
        from llm_pure.adapters.dialects.common.call_results import pair_results  # late: start-up

        turns = pair_results(turns, rules, adaptations)
    if rules.results == "first" and has_calls:
        turns = _results_first(turns, rules, adaptations)
    if not rules.reasoning_alone and Reasoning in reader.kinds:
        turns = [_without_reasoning_alone(turn, adaptations) for turn in turns]
    turns = [turn for turn in turns if not _is_left_out(turn, rules)]
    if rules.alternating:
        turns = _joined(turns, adaptations)
    if rules.after_results != "anything":
        turns = _separated(turns, rules, adaptations)
    if rules.first_is_user or (rules.calls_after_user and ToolCall in reader.kinds):
        turns = _user_first(turns, rules, adaptations)
    if rules.text_beside_documents and Document in reader.kinds:
        turns = _with_text_beside_documents(turns, adaptations)
    if not rules.empty_errors and ToolResult in reader.kinds:
        from llm_pure.adapters.dialects.common.call_results import with_error_text  # late: start-up

        turns = [with_error_text(turn, adaptations) for turn in turns]
    turns = _ended(turns, service, rules, adaptations, model)
    if rules.call_ids is None or not has_calls:
        return turns
    return with_wire_ids(turns, rules.call_ids, adaptations)


def _is_left_out(turn: Turn, rules: TurnRules) -> bool:
    """Whether the turn has no content, in a role whose empty turns are refused."""
    if turn.role not in rules.left_out_if_empty:
        return False
    if turn.parts and type(turn.parts[0][1]) not in (Text, Refusal):
        return False
    if turn.parts and turn.parts[0][1].text:  # type: ignore[union-attr]
        return False
    return all(type(part) in (Text, Refusal) and not part.text for _, part in turn.parts)  # type: ignore[union-attr]


def _without_reasoning_alone(turn: Turn, adaptations: list[Adaptation]) -> Turn:
    """The turn without its reasoning if that is all it has."""
    kept = tuple([placed for placed in turn.parts if type(placed[1]) is not Reasoning])
    if any(type(part) not in (Text, Refusal) or part.text for _, part in kept):  # type: ignore[union-attr]
        return turn
    for path, part in turn.parts:
        if type(part) is Reasoning:
            adaptations.append(dropped(path, "a message of reasoning alone counts as empty here"))
    return replace(turn, parts=kept)


def _one_response_each(turns: list[Turn]) -> list[Turn]:
    """Consecutive turns of the assistant as one, where they are items of one response.

    They are if the first has no text yet, or calls tools whose results come after the second: results have to follow
    their calls directly.
    """
    joined: list[Turn] = []
    for index, turn in enumerate(turns):
        last = joined[-1] if joined else None
        if last is None or turn.role != "assistant" or last.role != "assistant" or not last.parts:
            joined.append(turn)
            continue
        kinds = {type(part) for _, part in last.parts}
        if not kinds - {Reasoning, Opaque} or (ToolCall in kinds and _results_follow(turns, index)):
            joined[-1] = replace(turn, path=last.path, parts=(*last.parts, *turn.parts))
        else:
            joined.append(turn)
    return joined


def _results_follow(turns: list[Turn], index: int) -> bool:
    """Whether there are results between this run of the assistant's turns and the next."""
    has_begun = False
    for turn in turns[index:]:
        if turn.role != "assistant":
            has_begun = True
            if _count_results(turn):
                return True
        elif has_begun:
            return False
    return False


def _results_first(
    turns: list[Turn], rules: TurnRules, adaptations: list[Adaptation]
) -> list[Turn]:
    """Between two turns of the assistant: all results in one turn, then what else there is, with media of the results."""
    ordered: list[Turn] = []
    segment: list[Turn] = []
    arrange_segment = _alone
    for turn in turns:
        if turn.role != "assistant":
            segment.append(turn)
            continue
        ordered += arrange_segment(segment, rules, adaptations)
        ordered.append(turn)
        segment, arrange_segment = [], _segment
    return ordered + arrange_segment(segment, rules, adaptations)


def _alone(segment: list[Turn], rules: TurnRules, adaptations: list[Adaptation]) -> list[Turn]:
    """Results before any turn of the assistant have no calls that they could follow: each message stays where it is."""
    return [ordered for turn in segment for ordered in _segment([turn], rules, adaptations)]


def _segment(segment: list[Turn], rules: TurnRules, adaptations: list[Adaptation]) -> list[Turn]:
    if len(segment) == 1 and segment[0].role == "tool" and _is_text_alone(segment[0]):
        return segment
    counts = [_count_results(turn) for turn in segment]
    if not any(counts):
        return segment
    from llm_pure.adapters.dialects.common.call_results import without_media  # late: start-up

    results: list[Placed] = []
    rest: list[Turn] = []
    joins = False
    for turn, count in zip(segment, counts, strict=True):
        if not count:
            rest.append(turn)
            joins = False
            continue
        others: list[Placed] = []
        for path, part in turn.parts:
            if type(part) is not ToolResult:
                others.append((path, part))
                continue
            if rest:
                reason = "tool results directly follow their calls here, before other messages"
                adaptations.append(rewritten(path, reason))
            result, media = without_media(part, path, rules, adaptations)
            results.append((path, result))
            others += media
        if not others:
            if turn.name:
                reason = "a message of tool results has no name here"
                adaptations.append(dropped(f"{turn.path}/name", reason, turn.name))
        elif joins:
            rest[-1] = replace(rest[-1], parts=(*rest[-1].parts, *others))
        else:
            role = "user" if turn.role == "tool" else turn.role
            rest.append(replace(turn, role=role, parts=tuple(others)))
            joins = turn.role == "tool"
    path = results[0][0].rpartition("/parts/")[0]
    return [Turn("tool", path, tuple(results)), *rest]


def _is_text_alone(turn: Turn) -> bool:
    """Whether the turn holds results of text and nothing else, as most do."""
    if turn.name:
        return False
    for _, part in turn.parts:
        if type(part) is not ToolResult:
            return False
        for item in part.content:
            if type(item) is not Text:
                return False
    return bool(turn.parts)


def _count_results(turn: Turn) -> int:
    count = 0
    for _, part in turn.parts:
        if type(part) is ToolResult:
            count += 1
    return count


def _joined(turns: list[Turn], adaptations: list[Adaptation]) -> list[Turn]:
    """Consecutive turns of one role as one turn. Their texts are joined by an empty line."""
    joined: list[Turn] = []
    for turn in turns:
        last = joined[-1] if joined else None
        if last is None or last.role != turn.role or turn.role == "tool":
            joined.append(turn)
            continue
        reason = f"consecutive {turn.role} messages are not supported; they are merged"
        adaptations.append(changed(turn.path, reason))
        joined[-1] = replace(
            last,
            parts=_joined_parts(last.parts, turn.parts),
            name=turn.name or last.name,
            prefix=turn.prefix,
        )
    return joined


def _joined_parts(first: tuple[Placed, ...], second: tuple[Placed, ...]) -> tuple[Placed, ...]:
    if not first or not second:
        return first or second
    (path, last), (_, head) = first[-1], second[0]
    is_text = all(type(part) is Text for _, part in (*first, *second))
    if is_text and isinstance(last, Text) and isinstance(head, Text):
        text = "\n\n".join([text for text in (last.text, head.text) if text])
        return (*first[:-1], (path, replace(last, text=text)), *second[1:])
    return (*first, *second)


def _separated(turns: list[Turn], rules: TurnRules, adaptations: list[Adaptation]) -> list[Turn]:
    """A turn of the assistant after results, where what follows cannot stand beside them."""
    separated: list[Turn] = []
    for turn in turns:
        after = bool(separated) and separated[-1].role == "tool" and turn.role != "assistant"
        if after and (rules.after_results == "nothing" or any(map(_is_barred, turn.parts))):
            reason = "this cannot follow a tool result directly here; an assistant message OK is inserted"
            adaptations.append(changed(turn.path, reason))
            text = (f"{turn.path}/parts", Text(BETWEEN_TURNS))
            separated.append(Turn("assistant", turn.path, (text,)))
        separated.append(turn)
    return separated


def _is_barred(placed: Placed) -> bool:
    """Claude on Converse refuses documents but PDF, and videos, beside a tool result."""
    part = placed[1]
    if isinstance(part, Document):
        detected = media_type_of(part.data) if part.data is not None else None
        return (detected or part.media_type) != "application/pdf"
    return isinstance(part, Video)


def _user_first(turns: list[Turn], rules: TurnRules, adaptations: list[Adaptation]) -> list[Turn]:
    without_system = [index for index, turn in enumerate(turns) if turn.role != "system"]
    opening = list(takewhile(lambda index: turns[index].role == "assistant", without_system))
    parts = [part for index in opening for _, part in turns[index].parts]
    if not opening or not (rules.first_is_user or any(type(part) is ToolCall for part in parts)):
        return turns
    index, path = opening[0], turns[opening[0]].path
    reason = "a conversation begins with the user here; a user message is inserted"
    adaptations.append(changed(path, reason, after=BEFORE_ASSISTANT))
    inserted = Turn("user", path, ((f"{path}/parts", Text(BEFORE_ASSISTANT)),))
    return [*turns[:index], inserted, *turns[index:]]


def _with_text_beside_documents(turns: list[Turn], adaptations: list[Adaptation]) -> list[Turn]:
    """Text beside the documents of each run of the user's turns, which the dialect joins to one."""
    encoded = list(turns)
    for run in _user_runs(turns):
        parts = [part for index in run for _, part in turns[index].parts]
        document = next((part for part in parts if isinstance(part, Document)), None)
        if document is None or any(type(part) is Text for part in parts):
            continue
        last = encoded[run[-1]]
        text = document.name or "Document"
        reason = "a document needs text beside it here"
        adaptations.append(rewritten(last.path, reason, after=text))
        encoded[run[-1]] = replace(last, parts=(*last.parts, (f"{last.path}/parts", Text(text))))
    return encoded


def _user_runs(turns: list[Turn]) -> Iterator[list[int]]:
    run: list[int] = []
    for index, turn in enumerate(turns):
        if turn.role in ("user", "tool"):
            run.append(index)
        elif turn.role == "assistant" and run:
            yield run
            run = []
    if run:
        yield run


def _ended(
    turns: list[Turn], service: str, rules: TurnRules, adaptations: list[Adaptation], model: str
) -> list[Turn]:
    """The turns, with `prefix` at a last turn of the assistant that the model continues, and nowhere else."""
    end = len(turns) - 1
    if rules.final_assistant == "refused" or rules.final_text_stripped:
        # it is sent apart, or refused at the end too
        while end > 0 and turns[end].role == "system":
            end -= 1
    for index, turn in enumerate(turns):
        if index == end:
            turns[index] = _last(turn, service, rules, adaptations, model)
        elif turn.prefix:
            reason = "only the last message can be continued"
            adaptations.append(dropped(f"{turn.path}/prefix", reason, True))
            turns[index] = replace(turn, prefix=False)
    return turns


def _last(
    turn: Turn, service: str, rules: TurnRules, adaptations: list[Adaptation], model: str
) -> Turn:
    last = turn.parts[-1] if turn.parts else None
    if turn.role != "assistant" or last is None:
        return turn
    path, part = last
    is_text = isinstance(part, Text | Refusal | Reasoning) and not any(
        type(item) is Opaque for _, item in turn.parts
    )
    match rules.final_assistant:
        case "refused" if is_text or turn.prefix:
            name = model or service
            message = (
                f"{turn.path}: {name} does not continue an assistant message; end with the user's"
            )
            raise UnsupportedPart(message, provider=service)
        case "prefix_required" if is_text and not turn.prefix:
            reason = "a last message of the assistant is continued here"
            adaptations.append(rewritten(f"{turn.path}/prefix", reason, False, True))
            turn = replace(turn, prefix=True)
        case "sent" if turn.prefix:
            reason = f"{service} has no field for it; the model may begin a new text"
            adaptations.append(dropped(f"{turn.path}/prefix", reason, True))
            turn = replace(turn, prefix=False)
        case _:
            pass
    if rules.final_text_stripped and isinstance(part, Text) and part.text != part.text.rstrip():
        reason = "white space at the end of a message that is continued is refused"
        adaptations.append(rewritten(path, reason, part.text, part.text.rstrip()))
        turn = replace(
            turn, parts=(*turn.parts[:-1], (path, replace(part, text=part.text.rstrip())))
        )
    return turn
