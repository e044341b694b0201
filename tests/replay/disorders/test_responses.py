"""Disorders of Responses streams, on literal bytes."""

import pytest

from tests.support.disorder_rows import Row, answer_after, deformed, events

MESSAGE = '{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi"}]}'
CALL = '{"id":"f","type":"function_call","call_id":"c","name":"look","arguments":"{}"}'
NO_ARGUMENTS = CALL.replace("{}", "")
BEGIN = '{"type":"response.created","response":{"id":"r","output":[]}}'
ADDED = '{"type":"response.output_item.added","output_index":0,"item":{"id":"m","type":"message","content":[]}}'
PART = '{"type":"response.content_part.added","item_id":"m","output_index":0,"content_index":0}'
H = '{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"H"}'
I = '{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"i"}'
HI = '{"type":"response.output_text.done","item_id":"m","output_index":0,"content_index":0,"text":"Hi"}'
DONE = f'{{"type":"response.output_item.done","output_index":0,"item":{MESSAGE}}}'
CALL_ADDED = f'{{"type":"response.output_item.added","output_index":1,"item":{NO_ARGUMENTS}}}'
ARGUMENTS = (
    '{"type":"response.function_call_arguments.delta","item_id":"f","output_index":1,"delta":"{}"}'
)
ARGUMENTS_DONE = '{"type":"response.function_call_arguments.done","item_id":"f","output_index":1,"arguments":"{}"}'
CALL_DONE = f'{{"type":"response.output_item.done","output_index":1,"item":{CALL}}}'
END = f'{{"type":"response.completed","response":{{"id":"r","output":[{MESSAGE},{CALL}]}}}}'
END_EMPTY = '{"type":"response.completed","response":{"id":"r","output":[]}}'
FIRST, SECOND = (ADDED, PART, H, I, HI, DONE), (CALL_ADDED, ARGUMENTS, ARGUMENTS_DONE, CALL_DONE)
LINES = (BEGIN, *FIRST, *SECOND, END)
INTERLEAVED = (
    BEGIN,
    ADDED,
    CALL_ADDED,
    PART,
    H,
    ARGUMENTS,
    I,
    HI,
    DONE,
    ARGUMENTS_DONE,
    CALL_DONE,
    END,
)


def responses(disorder: str, *after: str) -> Row:
    """A row on LINES."""
    return Row(disorder=disorder, before=events(*LINES), after=events(*after))


def without(*texts: str, lines: tuple[str, ...] = LINES) -> list[str]:
    """The lines without these texts."""
    changed = list(lines)
    for text in texts:
        changed = [line.replace(text, "") for line in changed]
    return changed


def numbered(*places: str) -> list[str]:
    """LINES with other places of its two items."""
    return [
        line.replace('"output_index":1', places[1]).replace('"output_index":0', places[0])
        for line in LINES
    ]


PLACES = ('"output_index":0,', '"output_index":1,')
ITEM_IDS = ('"item_id":"m",', '"item_id":"f",')

ROWS = (
    responses("output_indexes_left_out", *without(*PLACES)),
    Row(disorder="output_indexes_left_out", before=events(*INTERLEAVED), after=events(*without(*PLACES, lines=INTERLEAVED))),
    Row(disorder="output_indexes_left_out", before=events(*without(*ITEM_IDS, lines=INTERLEAVED)), after=None),
    responses("places_left_out", *without(*PLACES, *ITEM_IDS)),
    Row(disorder="places_left_out", before=events(*INTERLEAVED), after=None),
    responses("output_indexes_renumbered", *numbered('"output_index":1', '"output_index":3')),
    responses("output_indexes_all_zero", *numbered('"output_index":0', '"output_index":0')),
    Row(disorder="output_indexes_all_zero", before=events(*without(*ITEM_IDS)), after=None),
    responses("part_indexes_left_out", *without(',"content_index":0')),
    Row(disorder="part_indexes_left_out", before=events(H.replace('"content_index":0', '"content_index":1')), after=None),
    responses(
        "item_ids_per_event",
        BEGIN,
        ADDED.replace('"id":"m"', '"id":"m0"'),
        *[line.replace('"m"', f'"m{number}"') for number, line in enumerate((PART, H, I, HI), 1)],
        DONE,
        CALL_ADDED.replace('"id":"f"', '"id":"f5"'),
        ARGUMENTS.replace('"f"', '"f6"'),
        ARGUMENTS_DONE.replace('"f"', '"f7"'),
        CALL_DONE,
        END,
    ),
    responses("item_ids_left_out", *without(*ITEM_IDS)),
    responses("deltas_left_out", BEGIN, ADDED, PART, HI, DONE, CALL_ADDED, ARGUMENTS_DONE, CALL_DONE, END),
    Row(disorder="deltas_left_out", before=events(*LINES[:-1], END_EMPTY), after=None),
    responses("added_left_out", BEGIN, H, I, HI, DONE, ARGUMENTS, ARGUMENTS_DONE, CALL_DONE, END),
    responses("part_events_left_out", BEGIN, ADDED, H, I, DONE, CALL_ADDED, ARGUMENTS, CALL_DONE, END),
    responses("final_items_only", BEGIN, DONE, CALL_DONE, END),
    responses("final_response_only", BEGIN, END),
    responses("final_response_alone", END),
    responses("starts_left_out", *FIRST, *SECOND, END),
    responses("final_items_left_out", BEGIN, *FIRST[:-1], *SECOND[:-1], END),
    responses("final_output_empty", BEGIN, *FIRST, *SECOND, END_EMPTY),
    responses("last_deltas_left_out", BEGIN, ADDED, PART, H, HI, DONE, *SECOND, END),
    responses("deltas_only", BEGIN, *FIRST[:-1], *SECOND[:-1], END_EMPTY),
    Row(
        disorder="deltas_only",
        before=events(*[line.replace('"text":"Hi"}]', '"text":"Hi","annotations":[{}]}]') for line in LINES]),
        after=None,
    ),
    responses(
        "arguments_in_done_event",
        BEGIN,
        *FIRST,
        CALL_ADDED,
        ARGUMENTS_DONE,
        CALL_DONE.replace(CALL, NO_ARGUMENTS),
        END.replace(CALL, NO_ARGUMENTS),
    ),
    responses("starts_repeated", BEGIN, *LINES),
    responses("end_repeated", *LINES, END),
    responses("final_items_repeated", BEGIN, *FIRST, DONE, *SECOND, CALL_DONE, END),
    responses("sequence_added", *[f'{line[:-1]},"sequence_number":{number}}}' for number, line in enumerate(LINES)]),
    Row(
        disorder="sequence_left_out",
        before=events(BEGIN[:-1] + ',"sequence_number":7}', END),
        after=events(BEGIN, END),
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.disorder)
def test_disorder_of_responses_changes_the_bytes_as_expected(row: Row) -> None:
    assert deformed(row) == answer_after(row)
