"""Recordings of one dialect for clients of another, and rules of files."""

import hashlib
from time import perf_counter
from typing import Any

import msgspec
import pytest

from llm_pure import (
    Completion,
    HttpRequest,
    HttpResponse,
    Usage,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.doubles import CUT, ProviderDouble, Rule
from llm_pure.replay.doubles.error_kinds import error_of_kind
from llm_pure.replay.doubles.recorded import conversation, recorded_rule
from llm_pure.replay.doubles.rules_file import parse_rules
from llm_pure.replay.player import load_cassettes
from llm_pure.server import server_dialects, translate_request
from llm_pure.transports.base import Timeouts
from llm_pure.types.errors import InvalidConfiguration, RateLimited
from llm_pure.types.events import TextDelta
from llm_pure.types.messages import Image, Reasoning, Refusal, Text, ToolCall
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult
from tests.support.scenarios import CASSETTES
from tests.support.server_answers import READERS, bare

TIMEOUTS = Timeouts()


def chats(dialect: str) -> list[Interaction]:
    """Every third recorded chat of the provider of a dialect."""
    recorded = [
        interaction
        for cassette in load_cassettes([CASSETTES / READERS[dialect]]).unwrap()
        for interaction in cassette.interactions
        if interaction.operation in ("", "chat")
    ]
    return recorded[::3]


def answer_of(dialect: str, interaction: Interaction) -> Any:
    """What the provider of a dialect reads: what every dialect can say of it, or the kind of the error."""
    provider = registry.get(READERS[dialect]).unwrap()
    result: LLMResult[Completion] = provider.parse_chat(interaction.response)
    if isinstance(result, Failure):
        return result.failure().kind
    text, reasoning, calls, reason, _ = bare(result.unwrap())
    reason = (
        "stop" if reason == "unknown" else reason
    )  # clients of other APIs know no other word for it
    return text, reasoning, [(name, arguments) for _, name, arguments in calls], reason


@pytest.mark.parametrize("client", READERS)
@pytest.mark.parametrize("recorded", READERS)
def test_a_recorded_conversation_is_answered_in_every_dialect(recorded: str, client: str) -> None:
    """The client sends the recorded request in its own dialect, and reads the recorded answer."""
    compared = 0
    for interaction in chats(recorded):
        translated = translate_request(interaction.request, recorded, client)
        if isinstance(translated, Failure):
            continue  # the client's API has no such request
        request = translated.unwrap().request
        if turns_of(client, request) != turns_of(recorded, interaction.request):
            continue  # it is sent otherwise: a schema in the prompt
        double = ProviderDouble(recorded_rule([Cassette(interactions=(interaction,))])[0])
        response = double.send(request, TIMEOUTS).unwrap()
        answer = answer_of(client, Interaction(request=request, response=response))
        assert answer == answer_of(recorded, interaction)
        compared += 1
    assert compared >= 4


def turns_of(dialect: str, request: HttpRequest) -> Any:
    """The conversation of a request."""
    return conversation(server_dialects[dialect].parse_request(request).unwrap().messages)


def recorded(question: str, answer: str, *, status: int = 200, delay_ms: int = 0) -> Interaction:
    """A recorded chat of OpenAI's."""
    body = {"model": "m", "messages": [{"role": "user", "content": question}]}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer},
        "finish_reason": "stop",
    }
    response = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }
    data = msgspec.json.encode(response)
    return Interaction(
        request=HttpRequest(
            "POST", "https://api.openai.com/v1/chat/completions", (), msgspec.json.encode(body)
        ),
        response=HttpResponse(status, (("content-type", "application/json"),), data),
        sizes=(len(data),),
        delays_ms=(delay_ms,),
    )


def ollama_chat(double: ProviderDouble, question: str) -> Any:
    """(text, None) or (None, message of the error) of Ollama's client."""
    body = {"model": "other", "messages": [{"role": "user", "content": question}], "stream": False}
    request = HttpRequest("POST", "http://double/api/chat", (), msgspec.json.encode(body))
    fields = msgspec.json.decode(double.send(request, TIMEOUTS).unwrap().body)
    return fields["error"] if "error" in fields else fields["message"]["content"]


def test_equal_conversations_are_answered_in_the_order_of_their_recordings() -> None:
    cassette = Cassette(interactions=(recorded("a", "1"), recorded("b", "2"), recorded("a", "3")))
    again = ProviderDouble(recorded_rule([cassette])[0])
    assert [ollama_chat(again, text) for text in "aabba"] == ["1", "3", "2", "2", "3"]
    once = ProviderDouble(recorded_rule([cassette], again=False)[0])
    assert [ollama_chat(once, text) for text in "aaa"] == [
        "1", "3", "all 2 recordings of this conversation were used",
    ]  # fmt: skip


def test_a_miss_names_the_first_turn_that_differs() -> None:
    double = ProviderDouble(recorded_rule([Cassette(interactions=(recorded("a", "1"),))])[0])
    assert ollama_chat(double, "x") == (
        'no recording of this conversation: turn 0 is ["user","x"], and ["user","a"] in the nearest'
    )
    assert (
        ollama_chat(ProviderDouble(recorded_rule([])[0]), "x") == "there is no recording of a chat"
    )


def test_recordings_for_clients_of_one_dialect_and_at_their_speed() -> None:
    cassette = Cassette(interactions=(recorded("a", "1", delay_ms=30),))
    rule, unused = recorded_rule([cassette], dialects=["gemini_content"])
    assert ollama_chat(ProviderDouble(rule), "a") == (
        "this server answers clients of gemini_content, not of ollama_native"
    )
    assert unused == 0
    slow = ProviderDouble(recorded_rule([cassette], speed=2.0)[0])
    begin_s = perf_counter()
    assert ollama_chat(slow, "a") == "1"
    assert perf_counter() - begin_s >= 0.014


def test_recordings_that_are_no_chat_of_a_served_dialect_are_counted() -> None:
    other = Interaction(
        request=HttpRequest("POST", "https://api.cohere.com/v2/chat", (), b"{}"),
        response=HttpResponse(200),
    )
    assert recorded_rule([Cassette(interactions=(other,))])[1] == 1


def test_conversations_are_equal_where_vendors_write_them_differently() -> None:
    """Ids of calls, reasoning, and the division of texts do not count; roles, texts, calls, results and media do."""
    image = Image(data=b"png", media_type="image/png")
    one = [
        system("a"),
        user("b", "c", image),
        assistant(Reasoning("r"), ToolCall("1", "f", '{"x": 1}')),
        tool_result("1", "d"),
    ]
    two = [
        system("a"),
        user("b\nc", image),
        assistant(ToolCall("2", "f", '{"x":1}')),
        tool_result("2", "d"),
    ]
    assert conversation(one) == conversation(two) == [
        ("system", "a"), ("user", "b\nc"), ("user", {"image": hashlib.sha256(b"png").hexdigest()}),
        ("assistant", {"call": "f", "arguments": {"x": 1}}), ("tool", {"result": ["d"]}),
    ]  # fmt: skip


# Files of rules


RULES = """
models: [m]
rules:
  - when: {text: weather, tool_results: false}
    calls: [{name: get_weather, arguments: {city: Oslo}}]
  - when: weather
    reasoning: Look outside.
    text: It is 4 °C.
    usage: {input_tokens: 9, output_tokens: 4}
    delay_s: 0.5
    pace_s: 0.1
  - when: busy
    error: {kind: rate_limited, message: slow down, retry_after_s: 3}
    times: 1
  - when: {model: "gpt-*"}
    refusal: "No."
  - text: half an answer
    cut: reset
  - text: one two
    error: overloaded
  - text: Ask me.
    finish_reason: length
"""


def test_a_file_of_rules_is_the_same_as_rules_in_python() -> None:
    rules, models = parse_rules(RULES).unwrap()
    assert models == ("m",)
    call = Completion(
        message=assistant(ToolCall("call_1", "get_weather", '{"city":"Oslo"}')),
        finish_reason="tool_calls",
    )
    answer = Completion(
        message=assistant(Reasoning("Look outside."), Text("It is 4 °C.")),
        finish_reason="stop",
        usage=Usage(9, 4),
    )
    assert [rule.answer for rule in rules[:4]] == [
        call, answer, RateLimited(message="slow down", retry_after_s=3),
        Completion(message=assistant(Refusal("No.")), finish_reason="stop"),
    ]  # fmt: skip
    assert rules[1] == Rule(answer, when="weather", delay_s=0.5, pace_s=0.1)
    assert rules[2].times == 1
    cut, broken = rules[4].answer, rules[5].answer
    assert isinstance(cut, list)
    assert isinstance(broken, list)
    assert [item.text for item in cut if isinstance(item, TextDelta)] == ["half", " an", " answer"]
    assert (cut[-1], broken[-1]) == (CUT, error_of_kind("overloaded"))
    first, second = (
        ChatRequest(messages=(user("weather"),)),
        ChatRequest(messages=(user("weather"), tool_result("1", "4"))),
    )
    predicate = rules[0].when
    assert callable(predicate)
    assert (predicate(first), predicate(second)) == (True, False)
    gpt = rules[3].when
    assert callable(gpt)
    assert [gpt(ChatRequest(messages=(), model=name)) for name in ("gpt-4o", "claude")] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: []", "rules: there are no rules"),
        ("rules: [{}]", "rules: rules[0]: a rule needs text, calls, refusal, reasoning, error, cut or finish_reason"),
        ("rules: [{txt: a}]", "rules: Object contains unknown field `txt` - at `$.rules[0]`"),
        ("rules: [{text: a, times: x}]", "rules: Expected `int | null`, got `str` - at `$.rules[0].times`"),
        ("[]", "rules: Expected `object`, got `array`"),
        ("rules: [{error: {kind: rate_limit}}]", ("rules: rules[0]: no error of the kind 'rate_limit'; known are authentication, "
         "connection, content_filtered, context_length, invalid_request, not_found, overloaded, permission, quota, rate_limited, "
         "server_error, timeout")),
        ("rules: [{error: {kind: authentication, retry_after_s: 1}}]", "rules: rules[0]: an error of the kind 'authentication' has no retry_after_s"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_says_where(text: str, message: str) -> None:
    error = parse_rules(text).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.message == message


def test_a_file_that_is_no_yaml_is_an_error() -> None:
    assert parse_rules("a: [").failure().kind == "protocol"
