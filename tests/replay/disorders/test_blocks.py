"""Disorders of streams in blocks, of Ollama's lines and of Gemini's calls, on literal bytes."""

import pytest

from llm_pure.framing.aws_eventstream import encode_message
from tests.support.disorder_rows import Row, answer_after, deformed, events

BEGIN = '{"type":"message_start","message":{"type":"message","usage":{"input_tokens":3,"output_tokens":1}}}'
THINK = '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}'
HM = '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}'
SIGNED = (
    '{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}'
)
END_0 = '{"type":"content_block_stop","index":0}'
TEXT = '{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}'
H = '{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"H"}}'
I = '{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"i"}}'
END_1 = '{"type":"content_block_stop","index":1}'
CALL = '{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","name":"look","input":{}}}'
INPUT = '{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\\"x\\":1}"}}'
END_2 = '{"type":"content_block_stop","index":2}'
DELTA = '{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}'
STOP = '{"type":"message_stop"}'
BLOCKS = (THINK, HM, SIGNED, END_0, TEXT, H, I, END_1, CALL, INPUT, END_2)
MESSAGE = (BEGIN, *BLOCKS, DELTA, STOP)


def anthropic(disorder: str, *after: str) -> Row:
    """A row on MESSAGE."""
    return Row(disorder=disorder, before=events(*MESSAGE), after=events(*after))


def renumbered(*numbers: str) -> list[str]:
    """MESSAGE with other indexes of its three blocks."""
    lines: list[str] = list(MESSAGE)
    for index, number in reversed([*enumerate(numbers)]):
        lines = [line.replace(f'"index":{index}', f'"index":{number}') for line in lines]
    return lines


def converse(*payloads: tuple[str, str]) -> bytes:
    """Messages of an AWS event stream."""
    return b"".join(
        [
            encode_message(((":event-type", event), (":message-type", "event")), payload.encode())
            for event, payload in payloads
        ]
    )


OPEN = ("contentBlockStart", '{"contentBlockIndex":1,"start":{"toolUse":{"name":"look"}}}')
MORE = ("contentBlockDelta", '{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}}')
CLOSE = ("contentBlockStop", '{"contentBlockIndex":1}')
FINISH = ("messageStop", '{"stopReason":"tool_use"}')
SPENT = ("metadata", '{"usage":{"inputTokens":3}}')
CONVERSE = converse(OPEN, MORE, CLOSE, FINISH, SPENT)


def bedrock(disorder: str, *after: tuple[str, str]) -> Row:
    """A row on CONVERSE."""
    return Row(
        disorder=disorder,
        before=CONVERSE,
        after=converse(*after),
        content_type="application/vnd.amazon.eventstream",
    )


def indexed(index: str) -> list[tuple[str, str]]:
    """The events of CONVERSE's block with another index."""
    return [
        (event, payload.replace('"contentBlockIndex":1', index).replace("{,", "{"))
        for event, payload in (OPEN, MORE, CLOSE)
    ]


OLLAMA = (
    b'{"message":{"tool_calls":[{"id":"a","function":{"index":0,"name":"look","arguments":{"index":7}}}]},"done":false}\n'
    b'{"message":{},"done":true}\n'
)


def ollama(disorder: str, after: bytes) -> Row:
    """A row on OLLAMA."""
    return Row(disorder=disorder, before=OLLAMA, after=after, content_type="application/x-ndjson")


ROWS = (
    anthropic("block_indexes_left_out", *[
        line.replace('"index":0,', "").replace('"index":1,', "").replace('"index":2,', "").replace(',"index":0', "")
        .replace(',"index":1', "").replace(',"index":2', "")
        for line in MESSAGE
    ]),
    anthropic("block_indexes_renumbered", *renumbered("1", "3", "5")),
    anthropic("block_indexes_all_zero", *renumbered("0", "0", "0")),
    Row(disorder="block_indexes_left_out", before=events(BEGIN, THINK, TEXT, HM, H, END_0, END_1, DELTA, STOP), after=None),
    Row(disorder="block_indexes_all_zero", before=events(BEGIN, THINK, TEXT, HM, H, END_0, END_1, DELTA, STOP), after=None),
    bedrock("block_indexes_left_out", *indexed(""), FINISH, SPENT),
    bedrock("block_indexes_renumbered", *indexed('"contentBlockIndex":3'), FINISH, SPENT),
    bedrock("block_indexes_all_zero", *indexed('"contentBlockIndex":0'), FINISH, SPENT),
    anthropic("start_repeated", BEGIN, *MESSAGE),
    anthropic("message_delta_twice", *MESSAGE[:-1], DELTA, STOP),
    anthropic("anthropic_usage_early", BEGIN.replace('"output_tokens":1', '"output_tokens":9'), *BLOCKS,
        DELTA.replace(',"usage":{"output_tokens":9}', ""), STOP),
    anthropic("anthropic_usage_late", BEGIN.replace(',"usage":{"input_tokens":3,"output_tokens":1}', ""), *BLOCKS,
        DELTA.replace('{"output_tokens":9}', '{"input_tokens":3,"output_tokens":9}'), STOP),
    Row(disorder="anthropic_usage_late", before=events(BEGIN, STOP), after=None),
    anthropic("input_in_block_start", BEGIN, *BLOCKS[:-3], CALL.replace('"input":{}', '"input":{"x":1}'), END_2, DELTA, STOP),
    anthropic("text_in_block_start", BEGIN, THINK, HM, SIGNED, END_0, TEXT.replace('"text":""', '"text":"Hi"'), END_1,
        CALL, INPUT, END_2, DELTA, STOP),
    anthropic("thinking_in_block_start", BEGIN, THINK.replace('"thinking":""', '"thinking":"hm"'), SIGNED, *MESSAGE[4:]),
    bedrock("metadata_twice", OPEN, MORE, CLOSE, FINISH, SPENT, SPENT),
    bedrock("metadata_early", OPEN, MORE, CLOSE, SPENT, FINISH),
    bedrock("message_stop_twice", OPEN, MORE, CLOSE, FINISH, FINISH, SPENT),
    ollama("ollama_call_indexes_left_out", OLLAMA.replace(b'"index":0,', b"")),
    ollama("ollama_call_ids_left_out", OLLAMA.replace(b'"id":"a",', b"")),
    ollama("ollama_done_left_out", OLLAMA.replace(b',"done":false', b"")),
    Row(
        disorder="gemini_call_ids_left_out",
        before=events('{"candidates":[{"content":{"parts":[{"functionCall":{"id":"a","name":"look","args":{"id":1}}}]}}]}'),
        after=events('{"candidates":[{"content":{"parts":[{"functionCall":{"name":"look","args":{"id":1}}}]}}]}'),
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.disorder)
def test_disorder_of_blocks_changes_the_bytes_as_expected(row: Row) -> None:
    assert deformed(row) == answer_after(row)
