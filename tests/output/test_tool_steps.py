"""One step of a tool loop: what follows a completion, and the messages of the next request; laws over any completion."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llm_pure import (
    ChatRequest,
    Completion,
    FinishReason,
    Message,
    NamedToolChoice,
    NativeTool,
    Opaque,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    assistant,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.output.tool_steps import (
    Answered,
    CallTools,
    ContinueTurn,
    ParsedCall,
    add_results,
    after_first_step,
    next_step,
    parse_calls,
    pending_calls,
    run_call,
)
from llm_pure.output.tools import bind_tool, bind_tools
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.request import AllowedTools, ToolChoice
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.completions import ANY_TOOLS, BY_HAND, COMPLETIONS, CUSTOM, TOOLS, weather
from tests.support.laws import examples


def completion(*parts: Any, finish_reason: FinishReason = "tool_calls") -> Completion:
    return Completion(message=assistant(*parts), finish_reason=finish_reason)


CALL = ToolCall("c1", "weather", '{"city": "Oslo"}')
PARSED = ParsedCall(call=CALL, tool=TOOLS[0], arguments={"city": "Oslo", "days": 1})  # type: ignore[arg-type]
ENDS: list[tuple[str, Completion, Any]] = [
    ("an answer", completion("Hi", finish_reason="stop"), Answered),
    ("nothing", completion(finish_reason="stop"), Answered),
    ("a cut answer", completion("Hi", finish_reason="length"), Answered),
    ("a paused turn", completion(Opaque("anthropic", "server_tool_use", "{}"), finish_reason="pause"),
     ContinueTurn),
    ("the provider's own call", completion(Opaque("openai_responses", "mcp_call", "{}"), "Hi",
                                           finish_reason="stop"), Answered),
    ("a filtered call", completion(CALL, finish_reason="content_filter"), Answered),
    ("a refused call", completion(CALL, finish_reason="refusal"), Answered),
    ("a failed call", completion(CALL, finish_reason="error"), Answered),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "kind"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS]
)
def test_a_completion_without_calls_to_run_is_the_answer_or_goes_on(
    answer: Completion, kind: Any
) -> None:
    assert next_step(answer, TOOLS) == kind(answer.message)


@pytest.mark.parametrize("reason", ["tool_calls", "stop", "unknown", "pause", "length"])
def test_calls_are_run_whatever_the_service_calls_their_finish(reason: FinishReason) -> None:
    answer = completion("Hm", CALL, finish_reason=reason)
    assert next_step(answer, TOOLS) == CallTools(answer.message, (PARSED,))


SCHEMA = json.dumps(TOOLS[0].tool.parameters, separators=(",", ":"))  # type: ignore[union-attr]
WRONG: list[tuple[str, str, str, FinishReason, list[str]]] = [
    ("no JSON", "weather", '{"city": ', "tool_calls", ["cannot be read", SCHEMA]),
    ("cut off", "weather", '{"city": ', "length", ["cut off at the output limit"]),
    ("no object", "weather", "[]", "tool_calls", ["array", SCHEMA]),
    ("missing", "weather", "{}", "tool_calls", ["city", SCHEMA]),
    ("empty", "weather", " ", "tool_calls", ["city", SCHEMA]),
    ("of a wrong type", "weather", '{"city": 1}', "length", ["(at weather/city)", SCHEMA]),
    ("not a parameter", "weather", '{"city": "a", "at": 1}', "tool_calls", ["at", SCHEMA]),
    ("no such tool", "Weather", "{}", "tool_calls", ["no tool 'Weather'", "weather, by_hand"]),
]


@pytest.mark.parametrize(
    ("name", "arguments", "reason", "texts"),
    [row[1:] for row in WRONG],
    ids=[row[0] for row in WRONG],
)
def test_a_call_that_cannot_be_run_says_what_was_expected(
    name: str, arguments: str, reason: FinishReason, texts: list[str]
) -> None:
    step = next_step(completion(ToolCall("c1", name, arguments), finish_reason=reason), TOOLS)
    assert isinstance(step, CallTools)
    (call,) = step.calls
    assert call.error is not None
    assert (call.error.tool_call_id, call.error.name, call.error.is_error) == ("c1", name, True)
    (text,) = call.error.content
    assert isinstance(text, Text)
    assert [part for part in texts if part not in text.text] == []
    assert run_call(call).result == call.error


def test_a_tool_that_is_run_elsewhere_waits_for_its_result() -> None:
    calls = parse_calls([ToolCall("c1", "by_hand"), ToolCall("c2", "sql", "select 1"), CALL], TOOLS)
    assert [call.is_external for call in calls] == [True, True, False]
    assert run_call(calls[0]).result == ToolResult(
        tool_call_id="c1", content=(Text("by_hand is not run here"),), name="by_hand", is_error=True
    )


def test_a_schema_with_a_function_is_run() -> None:
    tool = bind_tool(Tool(name="f", parameters={"type": "object"}), call=lambda **named: named)
    (call,) = parse_calls([ToolCall("c1", "f", '{"a-b": 1}')], [tool.unwrap()])
    assert run_call(call).result == tool_result("c1", '{"a-b":1}', name="f").parts[0]


TOOL_FORMS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
    {"type": "function", "name": "f", "parameters": {"type": "object"}},
    {"name": "f", "input_schema": {"type": "object"}},
    {"name": "f", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},
]


@pytest.mark.parametrize("form", TOOL_FORMS, ids=["chat", "Responses", "Anthropic", "MCP"])
def test_a_tool_of_another_format_is_run_by_its_function(form: dict[str, Any]) -> None:
    tool = bind_tool(form, description="D.", call=lambda **named: named).unwrap()
    assert tool.tool == Tool(name="f", description="D.", parameters={"type": "object"})
    (call,) = parse_calls([ToolCall("c1", "f", '{"a": 1}')], [tool])
    assert run_call(call).result == tool_result("c1", '{"a":1}', name="f").parts[0]


def test_what_a_function_raises_is_its_result_and_stands_beside_it() -> None:
    (call,) = parse_calls([replace(CALL, arguments='{"city": "Oslo", "days": 10}')], TOOLS)
    outcome = run_call(call)
    expected = tool_result("c1", "ValueError: too far ahead", name="weather", is_error=True)
    assert (outcome.result,) == expected.parts
    assert isinstance(outcome.exception, ValueError)


def test_arguments_that_are_no_object_can_be_sent_back_and_native_ones_stay() -> None:
    calls = ["", " ", "[1]", '{"a": ', '{"a": 1}', "\ud800"]
    answer = completion(
        "Hm", *[ToolCall("c", "weather", text) for text in calls], ToolCall("c", "sql", "select 1")
    )
    message = next_step(answer, TOOLS).message
    assert message.text == "Hm"
    assert [call.arguments for call in message.tool_calls] == [
        "{}", "{}", '{"INVALID_JSON":"[1]"}', '{"INVALID_JSON":"{\\"a\\": "}', '{"a": 1}',
        '{"INVALID_JSON":"?"}', "select 1",
    ]  # fmt: skip


PENDING: list[tuple[str, list[Message], list[str]]] = [
    ("nothing", [], []),
    ("a question", [user("Hi")], []),
    ("an answer", [user("Hi"), assistant("Ho")], []),
    ("calls", [user("Hi"), assistant(ToolCall("a", "f"), ToolCall("b", "f"))], ["a", "b"]),
    ("one result", [assistant(ToolCall("a", "f"), ToolCall("b", "f")), tool_result("b")], ["a"]),
    ("all results", [assistant(ToolCall("a", "f")), tool_result("a")], []),
    ("one id twice", [assistant(ToolCall("a", "f"), ToolCall("a", "f")), tool_result("a")], ["a"]),
    ("results of a user", [assistant(ToolCall("a", "f"), ToolCall("b", "f")),
                           Message("user", (ToolResult(tool_call_id="a"),))], ["b"]),
    ("the user went on", [assistant(ToolCall("a", "f")), user("Never mind")], []),
    ("an id of the turn before", [assistant(ToolCall("a", "f")), tool_result("a"),
                                  assistant(ToolCall("a", "f"))], ["a"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "ids"), [row[1:] for row in PENDING], ids=[row[0] for row in PENDING]
)
def test_pending_calls_are_those_of_the_last_turn_without_a_result(
    messages: list[Message], ids: list[str]
) -> None:
    assert [call.id for call in pending_calls(messages)] == ids


def test_a_result_of_no_call_is_an_error_and_a_missing_one_stays_pending() -> None:
    messages = (assistant(ToolCall("a", "f"), ToolCall("b", "f")),)
    a, b, c = [ToolResult(tool_call_id=name) for name in "abc"]
    assert add_results(messages, [b, a]) == Success(
        (*messages, Message("tool", (a,)), Message("tool", (b,)))
    )
    partly = add_results(messages, [b]).unwrap()
    assert [call.id for call in pending_calls(partly)] == ["a"]
    for results in ([c], [a, a]):
        failed = add_results(messages, results)
        assert isinstance(failed, Failure)
        assert isinstance(failed.failure(), InvalidRequest)


CHOICES: list[tuple[ToolChoice | None, ToolChoice | None]] = [
    (None, None),
    ("auto", "auto"),
    ("none", "none"),
    ("required", "auto"),
    (NamedToolChoice("weather"), "auto"),
    (AllowedTools(("weather",), "required"), AllowedTools(("weather",))),
    (AllowedTools(("weather",)), AllowedTools(("weather",))),
]


@pytest.mark.parametrize(("choice", "later"), CHOICES)
def test_a_forced_call_is_forced_once(choice: ToolChoice | None, later: ToolChoice | None) -> None:
    request = ChatRequest(messages="Hi", tool_choice=choice, temperature=0.5)
    assert after_first_step(request) == replace(request, tool_choice=later)


def test_tools_are_bound_in_every_form_and_errors_name_the_tool() -> None:
    chat = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    bound = bind_tools([weather, chat, BY_HAND, CUSTOM, bind_tool(weather).unwrap()]).unwrap()
    names = [
        tool.json["name"] if isinstance(tool, NativeTool) else tool.tool.name for tool in bound
    ]
    assert names == ["weather", "f", "by_hand", "sql", "weather"]

    def wrong(value: object, /) -> None: ...

    rows: list[tuple[Any, str]] = [
        ([weather, wrong], "tools/1/wrong/value"),
        ([weather, 1], "tools/1"),
        ([{"nothing": 1}], "tools/0/nothing"),
        ("weather", "tools"),
        (1, "tools"),
        ({"name": "f"}, "tools"),
    ]
    for tools, path in rows:
        error = bind_tools(tools).failure()
        assert isinstance(error, InvalidRequest)
        assert error.param == path


# Laws


@examples(300)
@given(answer=COMPLETIONS, tools=ANY_TOOLS)
def test_each_call_gets_one_result_with_its_id_in_the_order_of_the_calls(
    answer: Completion, tools: Sequence[Any]
) -> None:
    step = next_step(answer, tools)
    assert isinstance(step, CallTools | ContinueTurn | Answered)
    if not isinstance(step, CallTools):
        return
    assert tuple([call.call for call in step.calls]) == answer.tool_calls
    results = [run_call(call).result for call in step.calls]
    assert [result.tool_call_id for result in results] == [call.id for call in answer.tool_calls]
    before = (user("Hi"), step.message)
    messages = add_results(before, results).unwrap()
    assert messages[:2] == before
    ids = [part.tool_call_id for message in messages[2:] for part in message.parts]  # type: ignore[union-attr]
    assert ids == [call.id for call in answer.tool_calls]
    assert pending_calls(messages) == ()


@examples(200)
@given(answer=COMPLETIONS, data=st.data())
def test_results_in_any_order_and_in_parts_end_the_same(answer: Completion, data: Any) -> None:
    ids = [call.id for call in answer.tool_calls]
    results = [ToolResult(tool_call_id=name) for name in data.draw(st.permutations(ids))]
    count = data.draw(st.integers(0, len(results)))
    before = (answer.message,)
    first = add_results(before, results[:count]).unwrap()
    waiting = Counter(call.id for call in pending_calls(first))
    assert waiting == Counter(ids) - Counter(result.tool_call_id for result in results[:count])
    both = add_results(first, results[count:]).unwrap()
    assert pending_calls(both) == ()
    assert sorted(map(repr, both)) == sorted(map(repr, add_results(before, results).unwrap()))


@examples(25)
@given(answer=COMPLETIONS, tools=st.lists(st.sampled_from(TOOLS[:2]), unique_by=id))
def test_the_conversation_can_be_sent_to_every_provider(
    answer: Completion, tools: Sequence[Any]
) -> None:
    step = next_step(answer, tools)
    calls = step.calls if isinstance(step, CallTools) else ()
    messages = add_results(
        (user("Hi"), step.message), [run_call(call).result for call in calls]
    ).unwrap()
    request = ChatRequest(
        messages=(*messages, user("Go on.")),
        tools=[tool.tool for tool in tools],
    )
    for name in chat_providers():
        built = registry.get(name).unwrap().build_chat(config_for(name), request)
        assert isinstance(built, Success) or isinstance(built.failure(), UnsupportedFeature), name
