"""Disorders of values, choices and calls, on literal bytes."""

import pytest

from tests.support.disorder_rows import Row, answer_after, deformed, events

HI = (
    '{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"logprobs":null}]}'
)
END = '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
USAGE = '{"id":"c","choices":[],"usage":{"prompt_tokens":2}}'
CHAT = events(HI, END, USAGE, "[DONE]")
SPENT = ',"usage":{"prompt_tokens":2}}'
ONE_MORE = '{"index":0,"delta":{"content":"Ho"}}'


def chat(disorder: str, *after: str) -> Row:
    """A row on the stream HI, END, USAGE, [DONE]."""
    return Row(disorder=disorder, before=CHAT, after=events(*after, "[DONE]"))


CHUNK = '{"choices":[{"delta":{"tool_calls":[{}]}}]}'


def calls(*pieces: str) -> bytes:
    """A chunk for each piece of a call."""
    return events(*[CHUNK.replace("{}", piece) for piece in pieces])


FIRST = '{"index":0,"id":"a","type":"function","function":{"name":"look","arguments":""}}'
MORE = '{"index":0,"function":{"arguments":"{}"}}'
SECOND = '{"index":1,"id":"b","type":"function","function":{"name":"go","arguments":""}}'
REST = '{"index":1,"function":{"arguments":"{}"}}'
IN_TURN = (FIRST, MORE, SECOND, REST)
INTERLEAVED = calls(FIRST, SECOND, MORE, REST)


def call(disorder: str, *after: str) -> Row:
    """A row on two calls, one after the other."""
    return Row(disorder=disorder, before=calls(*IN_TURN), after=calls(*after))


LLAMA = '{"event":{"delta":{"type":"tool_call",@}}}'

NULLS_OF_DELTA = (
    '"refusal":null,"reasoning_content":null,"reasoning":null,"reasoning_details":null,"tool_calls":null,'
    '"function_call":null,"audio":null,"annotations":null,"images":null'
)
NULLS_OF_CHUNK = '"system_fingerprint":null,"service_tier":null'

ROWS = (
    chat("usage_as_text", HI, END, '{"id":"c","choices":[],"usage":{"prompt_tokens":"2"}}'),
    chat("indexes_as_text", HI.replace('"index":0', '"index":"0"'), END.replace('"index":0', '"index":"0"'), USAGE),
    Row(disorder="times_as_text", before=events('{"choices":[],"created":1}'), after=events('{"choices":[],"created":"1"}')),
    chat(
        "nulls_added",
        '{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi",' + NULLS_OF_DELTA
        + '},"logprobs":null,"finish_reason":null,"native_finish_reason":null,"message":null}],'
        + NULLS_OF_CHUNK + ',"usage":null,"error":null}',
        '{"id":"c","choices":[{"index":0,"delta":{"role":null,"content":null,' + NULLS_OF_DELTA
        + '},"finish_reason":"stop","logprobs":null,"native_finish_reason":null,"message":null}],'
        + NULLS_OF_CHUNK + ',"usage":null,"error":null}',
        '{"id":"c","choices":[],"usage":{"prompt_tokens":2,"prompt_tokens_details":null,"completion_tokens_details":null,'
        '"cost":null},' + NULLS_OF_CHUNK + ',"error":null}',
    ),
    chat("nulls_left_out", HI.replace(',"logprobs":null', ""), END, USAGE),
    chat(
        "unknown_fields",
        '{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi","x_unknown_field":null},"logprobs":null,'
        '"x_unknown_field":1}],"x_unknown_field":"text"}',
        '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop","x_unknown_field":1}],"x_unknown_field":"text"}',
        '{"id":"c","choices":[],"usage":{"prompt_tokens":2,"x_unknown_field":1},"x_unknown_field":"text"}',
    ),
    chat("usage_first", HI[:-1] + SPENT, END),
    chat("usage_in_every_chunk", HI[:-1] + SPENT, END[:-1] + SPENT),
    chat("usage_last", HI, END[:-1] + SPENT),
    chat("usage_without_choices", HI, END, '{"id":"c"' + SPENT),
    chat("usage_choices_null", HI, END, '{"id":"c","choices":null' + SPENT),
    chat("usage_twice", HI, END[:-1] + SPENT, USAGE),
    Row(disorder="usage_choices_empty", before=events(HI, END[:-1] + SPENT, "[DONE]"), after=CHAT),
    Row(disorder="usage_first", before=events(HI.replace('"logprobs"', '"usage"'), END, USAGE), after=None),
    Row(disorder="usage_first", before=events(HI, END, USAGE[:-1] + ',"x_groq":{"usage":{"prompt_tokens":2}}}'), after=None),
    chat("finish_twice", HI, END, END, USAGE),
    Row(disorder="finish_twice", before=events(END[:-1] + ',"x_groq":{}}'), after=events(END[:-1] + ',"x_groq":{}}', END)),
    Row(disorder="finish_twice", before=events(HI, USAGE), after=None),
    chat("finish_empty", HI.replace('"logprobs":null', '"logprobs":null,"finish_reason":""'), END, USAGE),
    chat("roles_repeated", HI, END.replace('"delta":{}', '"delta":{"role":"assistant"}'), USAGE),
    chat("roles_left_out", HI.replace('"role":"assistant",', ""), END, USAGE),
    chat("choice_indexes_left_out", HI.replace('"index":0,', ""), END.replace('"index":0,', ""), USAGE),
    Row(
        disorder="choice_indexes_left_out",
        before=events(f'{{"choices":[{ONE_MORE},{ONE_MORE.replace("0", "1")}]}}'),
        after=None,
    ),
    chat("ids_per_chunk", HI, END.replace('"c"', '"c-1"'), USAGE.replace('"c"', '"c-2"')),
    *[
        Row(
            disorder=disorder,
            before=events(f'{{"choices":[{{"delta":{{"{before}":"hm"}}}}]}}'),
            after=events(f'{{"choices":[{{"delta":{{{after}}}}}]}}'),
        )
        for disorder, before, after in (
            ("reasoning_renamed", "reasoning_content", '"reasoning":"hm"'),
            ("reasoning_content_renamed", "reasoning", '"reasoning_content":"hm"'),
            ("reasoning_twice", "reasoning", '"reasoning":"hm","reasoning_content":"hm"'),
        )
    ],
    call("call_indexes_left_out", *[text.replace('"index":0,', "").replace('"index":1,', "") for text in IN_TURN]),
    Row(disorder="call_indexes_left_out", before=INTERLEAVED, after=None),
    Row(disorder="call_indexes_left_out", before=calls(FIRST, MORE[:-1] + ',"id":"other"}'), after=None),
    call(
        "call_indexes_renumbered",
        *[text.replace('"index":1', '"index":3').replace('"index":0', '"index":1') for text in IN_TURN],
    ),
    call("call_indexes_per_event", *[text.replace('"index":1', '"index":0') for text in IN_TURN]),
    Row(disorder="call_indexes_per_event", before=INTERLEAVED, after=None),
    Row(
        disorder="call_ids_without_indexes",
        before=INTERLEAVED,
        after=calls(
            FIRST.replace('"index":0,', ""),
            SECOND.replace('"index":1,', ""),
            '{"function":{"arguments":"{}"},"id":"a"}',
            '{"function":{"arguments":"{}"},"id":"b"}',
        ),
    ),
    Row(
        disorder="call_ids_under_one_index",
        before=INTERLEAVED,
        after=calls(
            FIRST,
            SECOND.replace('"index":1', '"index":0'),
            '{"index":0,"function":{"arguments":"{}"},"id":"a"}',
            '{"index":0,"function":{"arguments":"{}"},"id":"b"}',
        ),
    ),
    call("call_ids_per_piece", FIRST, MORE[:-1] + ',"id":"a_0"}', SECOND, REST[:-1] + ',"id":"b_1"}'),
    call("call_ids_repeated", FIRST, MORE[:-1] + ',"id":"a"}', SECOND, REST[:-1] + ',"id":"b"}'),
    call("call_ids_empty", FIRST, MORE[:-1] + ',"id":""}', SECOND, REST[:-1] + ',"id":""}'),
    call(
        "call_ids_null_text",
        FIRST,
        '{"index":0,"function":{"arguments":"{}","name":""},"id":"null"}',
        SECOND,
        '{"index":1,"function":{"arguments":"{}","name":""},"id":"null"}',
    ),
    call("call_ids_left_out", FIRST.replace('"id":"a",', ""), MORE, SECOND.replace('"id":"b",', ""), REST),
    Row(disorder="call_ids_left_out", before=calls(FIRST, SECOND.replace("1", "0")), after=None),
    call("call_types_left_out", *[text.replace('"type":"function",', "") for text in IN_TURN]),
    *[
        call(
            disorder,
            FIRST,
            MORE[:-2] + f',"name":{first}}}}}',
            SECOND,
            REST[:-2] + f',"name":{second}}}}}',
        )
        for disorder, first, second in (
            ("call_names_repeated", '"look"', '"go"'),
            ("call_names_empty", '""', '""'),
            ("call_names_null", "null", "null"),
        )
    ],
    call(
        "call_names_late",
        FIRST.replace('"name":"look",', ""),
        '{"index":0,"function":{"arguments":"{}","name":"look"}}',
        SECOND.replace('"name":"go",', ""),
        '{"index":1,"function":{"arguments":"{}","name":"go"}}',
    ),
    call(
        "call_heads_late",
        '{"index":0,"type":"function","function":{"arguments":""}}',
        '{"index":0,"function":{"arguments":"{}","name":"look"},"id":"a"}',
        '{"index":1,"type":"function","function":{"arguments":""}}',
        '{"index":1,"function":{"arguments":"{}","name":"go"},"id":"b"}',
    ),
    *[
        Row(disorder=disorder, before=calls(FIRST, MORE[:-1] + ',"id":"other"}'), after=None)
        for disorder in ("call_names_late", "call_names_in_pieces", "call_names_repeated", "call_ids_under_one_index")
    ],
    call(
        "call_names_in_pieces",
        FIRST.replace("look", "lo"),
        '{"index":0,"function":{"arguments":"{}","name":"ok"}}',
        SECOND.replace("go", "g"),
        '{"index":1,"function":{"arguments":"{}","name":"o"}}',
    ),
    Row(disorder="call_names_in_pieces", before=calls(FIRST.replace("look", "gogo"), MORE), after=None),
    *[
        Row(
            disorder=disorder,
            before=events(LLAMA.replace("@", '"id":"a","function":{"name":"look"}'), LLAMA.replace("@", '"function":{"arguments":"{}"}')),
            after=events(LLAMA.replace("@", first), LLAMA.replace("@", second)),
        )
        for disorder, first, second in (
            ("call_ids_repeated", '"id":"a","function":{"name":"look"}', '"function":{"arguments":"{}"},"id":"a"'),
            ("call_names_null", '"id":"a","function":{"name":"look"}', '"function":{"arguments":"{}","name":null}'),
            ("call_ids_empty", '"id":"a","function":{"name":"look"}', '"function":{"arguments":"{}"},"id":""'),
            ("call_ids_null_text", '"id":"a","function":{"name":"look"}', '"function":{"arguments":"{}","name":""},"id":"null"'),
        )
    ],
    Row(
        disorder="call_ids_left_out",
        content_type="application/json",
        streamed=False,
        before=b'{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"f"}}]}}]}',
        after=b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"f"}},{"function":{"name":"f"}}]}}]}',
    ),
    Row(disorder="call_names_repeated", before=calls(*[text.replace('"index":0,', "") for text in (FIRST, MORE)]), after=None),
    Row(
        disorder="call_arguments_as_objects",
        content_type="application/json",
        streamed=False,
        before=b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"look","arguments":"{\\"x\\": 1}"}}]}}]}',
        after=b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"look","arguments":{"x":1}}}]}}]}',
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.disorder)
def test_disorder_of_chunks_changes_the_bytes_as_expected(row: Row) -> None:
    assert deformed(row) == answer_after(row)
