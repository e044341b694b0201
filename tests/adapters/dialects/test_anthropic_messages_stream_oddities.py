"""Odd ways of services that speak the Messages API, and what is not known of it."""

from llm_pure import ResponseHead, collect
from llm_pure.types.completion import Usage
from llm_pure.types.events import ExtraReceived
from llm_pure.types.messages import Opaque, Reasoning, Text, ToolCall
from tests.support.anthropic_answers import argued, begun, delta, end, sse, start, stopped, text
from tests.support.anthropic_streams import HEAD, collected, fed


def test_input_that_came_with_the_beginning_counts_if_no_delta_brings_any() -> None:
    whole = begun(0, type="tool_use", id="t", name="f", input={"a": 1})
    assert collected(start(), whole, stopped(0), *end()).tool_calls == (
        ToolCall("t", "f", '{"a":1}'),
    )
    assert collected(start(), whole, argued(0, '{"b"'), argued(0, ":2}"), stopped(0), *end()).tool_calls == (
        ToolCall("t", "f", '{"b":2}'),
    )  # fmt: skip


def test_what_stands_beside_a_piece_is_kept() -> None:
    got = collected(
        start(),
        begun(0, type="thinking", thinking=""),
        delta(0, type="thinking_delta", thinking="a", estimated_tokens=5),
        delta(0, type="thinking_delta", thinking="", estimated_tokens=9),
        begun(1, type="tool_use", id="t", name="f", input={"a": 1}),
        delta(1, type="input_json_delta", partial_json="", final=True),
        *end(),
    )
    assert (got.reasoning, got.tool_calls) == ("a", (ToolCall("t", "f", '{"a":1}'),))
    assert got.extra == {"estimated_tokens": 9, "final": True}


def test_blocks_that_nobody_stopped_are_whole_when_the_message_is() -> None:
    got = collected(
        start(),
        begun(0, type="server_tool_use", id="s", name="f", input={}),
        argued(0, '{"a":1}'),
        *end(),
    )
    assert got.message.parts == (
        Opaque(
            "anthropic",
            "server_tool_use",
            '{"type":"server_tool_use","id":"s","name":"f","input":{"a":1}}',
        ),
    )


def test_an_index_that_is_used_again_begins_another_part() -> None:
    got = collected(
        start(),
        begun(0, type="text", text="a"),
        stopped(0),
        begun(0, type="tool_use", id="t", name="f", input={}),
        argued(0, "{}"),
        stopped(0),
        *end(),
    )
    assert got.message.parts == (Text("a"), ToolCall("t", "f", "{}"))


def test_interleaved_blocks_keep_their_places() -> None:
    got = collected(
        start(),
        begun(0, type="text", text=""),
        begun(1, type="thinking", thinking=""),
        text(0, "a"),
        delta(1, type="thinking_delta", thinking="b"),
        text(0, "c"),
        stopped(1),
        stopped(0),
        *end(),
    )
    assert [part.text for part in got.message.parts if isinstance(part, Text | Reasoning)] == [
        "ac",
        "b",
    ]


def test_input_of_a_server_tool_that_is_no_json_is_kept_as_text() -> None:
    got = collected(
        start(), begun(0, type="server_tool_use", input={}), argued(0, '{"a'), stopped(0), *end()
    )
    assert got.message.parts == (
        Opaque("anthropic", "server_tool_use", '{"type":"server_tool_use","input":"{\\"a"}'),
    )


def test_a_compaction_comes_by_one_delta() -> None:
    got = collected(
        start(),
        begun(0, type="compaction", content=None),
        delta(0, type="compaction_delta", content="so far", encrypted_content="eA=="),
        stopped(0),
        *end("compaction"),
    )
    assert got.message.parts == (
        Opaque(
            "anthropic",
            "compaction",
            '{"type":"compaction","content":"so far","encrypted_content":"eA=="}',
        ),
    )


def test_after_a_fallback_the_other_model_answers() -> None:
    got = collected(
        start(), begun(0, type="fallback", to={"model": "claude-other"}), stopped(0), *end()
    )
    assert got.model == "claude-other"


def test_what_is_not_known_changes_nothing_and_is_kept() -> None:
    unknown = {"type": "content_block_hint", "index": 0}
    odd = delta(0, type="mood_delta", mood="fine")
    got = collected(
        start(diagnostics={"cache_miss_reason": None}, context_management={"applied_edits": [1]}),
        begun(0, type="text", text="", kept=True),
        unknown,
        text(0, "hi"),
        odd,
        {**text(0, "!"), "estimated": 3},
        delta(0, type="text_delta", text="?", sure=False),
        {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 10}},
        stopped(0),
        *end(),
        {"type": "after"},
    )
    assert got.message.parts[0].text == "hi!?"  # type: ignore[union-attr]
    assert got.usage == Usage(10, 7, raw={"input_tokens": 10, "output_tokens": 7})
    assert got.extra == {
        "diagnostics": {"cache_miss_reason": None},
        "context_management": {"applied_edits": [1]},
        "content_block_hint": [unknown],
        "mood_delta": [odd["delta"]],
        "estimated": 3,
        "sure": False,
        "amazon-bedrock-invocationMetrics": {"inputTokenCount": 10},
    }


def test_a_done_marker_of_a_gateway_and_empty_data_say_nothing() -> None:
    body = sse(start()) + b"data: \n\n" + sse(*end()) + b"data: [DONE]\n\n"
    got, error = fed(body)
    assert error is None
    assert collect(got).unwrap().finish_reason == "stop"


def test_the_request_id_of_the_headers_is_kept() -> None:
    head = ResponseHead(200, (*HEAD.headers, ("Request-Id", "req_1")))
    got, _ = fed(sse(start(), *end()), head=head)
    assert got[0] == ExtraReceived("request_id", "req_1")
