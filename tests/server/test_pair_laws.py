"""Law 11, pairs: what goes from one dialect to another and back says the same, or an adaptation says what is lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llm_pure import (
    ChatRequest,
    Completion,
    HttpRequest,
    HttpResponse,
    Image,
    LLMConfig,
    Message,
    ResponseHead,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import (
    Exchange,
    ReceivedRequest,
    open_translation,
    server_dialects,
    translate_request,
    translate_response,
    upstream_of,
)
from llm_pure.types.result import Success
from tests.server.test_answer_laws import answers
from tests.support.laws import examples, same_examples
from tests.support.png import tiny_png
from tests.support.raw_clients import request, with_turns
from tests.support.server_answers import READERS, bare, divided, plain_parts, reader

MODELS = {
    "openai_chat": "gpt-4o",
    "openai_responses": "gpt-4o",
    "anthropic_messages": "claude-sonnet-4-5",
    "gemini_content": "gemini-2.5-flash",
    "ollama_native": "gemma3",
}
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
TOOLS = [Tool(name=name, description=f"{name}.", parameters=SCHEMA) for name in ("look", "find")]

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=8)  # fmt: skip
ids = st.one_of(
    st.from_regex(r"call_[a-z0-9]{1,8}", fullmatch=True),
    st.text("aZ09:/.é_-", min_size=1, max_size=12),
    st.sampled_from(["x" * 200, "ToolSearch:15", "é/1"]),
)
arguments = st.dictionaries(st.sampled_from(["q", "z"]), words | st.integers(-9, 9), max_size=2)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """A conversation that every dialect can say: each call has its result at once."""
    turns = [system(draw(words))] if draw(st.booleans()) else []
    used: set[str] = set()
    for _ in range(draw(st.integers(1, 3))):
        picture = [Image(data=tiny_png(), media_type="image/png")] if draw(st.booleans()) else []
        turns.append(user(draw(words), *picture))
        calls = [call_id for call_id in draw(st.lists(ids, max_size=3)) if call_id not in used]
        calls = list(dict.fromkeys(calls))
        used.update(calls)
        made = [
            ToolCall(call_id, draw(st.sampled_from(["look", "find"])), json.dumps(draw(arguments)))
            for call_id in calls
        ]
        text = [draw(words)] if draw(st.booleans()) or not made else []
        turns.append(assistant(*text, *made))
        turns += [tool_result(call.id, draw(words), name=call.name) for call in made]
        if made:
            turns.append(assistant(draw(words)))
    return [*turns, user(draw(words))]


def meaning(messages: tuple[Message, ...]) -> list[Any]:
    """What a conversation says, in order; ids as numbers, since some dialects have none."""
    numbers: dict[str, int] = {}
    contents: list[Any] = []
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text):
                    contents.append((message.role, text))
                case Image(data=data):
                    contents.append((message.role, data))
                case ToolCall(id=call_id, name=name, arguments=text):
                    assert call_id not in numbers
                    numbers[call_id] = len(numbers)
                    contents.append(("call", numbers[call_id], name, json.loads(text)))
                case ToolResult(tool_call_id=call_id, content=content):
                    texts = [item.text for item in content if isinstance(item, Text)]
                    contents.append(("result", numbers[call_id], "".join(texts)))
                case _:
                    contents.append((message.role, type(part).__name__))
    return contents


def sent(dialect: str, messages: list[Message]) -> HttpRequest:
    """The request as our client sends it."""
    provider = reader(dialect)
    config = LLMConfig(api_type=provider.name, model=MODELS[dialect], api_key="k")
    chat = ChatRequest(messages=messages, tools=TOOLS, max_tokens=50, temperature=0.5, stream=True)
    return provider.build_chat(config, chat).unwrap().request


@pytest.mark.parametrize("first", READERS)
@pytest.mark.parametrize("second", READERS)
@same_examples(3, conversation=conversations())
def test_a_conversation_goes_there_and_back(
    first: str, second: str, conversation: list[Message]
) -> None:
    client = sent(first, conversation)
    upstream = upstream_of(second, model=MODELS[second]).unwrap()
    there = translate_request(client, first, upstream).unwrap()
    home = upstream_of(first, model=MODELS[first]).unwrap()
    back = translate_request(there.request, second, home).unwrap()
    expected = meaning(tuple(conversation))
    for dialect, built in ((second, there), (first, back)):
        received = server_dialects[dialect].parse_request(built.request).unwrap()
        assert meaning(received.messages) == expected
        assert [tool.name for tool in received.chat.tools if isinstance(tool, Tool)] == ["look", "find"]  # fmt: skip
        assert (received.chat.max_tokens, received.chat.temperature) == (50, 0.5)
        assert received.stream
        assert [change for change in built.adaptations if not change.lossless] == []


def exchange(client: str, provider: str) -> Exchange:
    body = with_turns(client, [])
    if client == "openai_chat":
        body["stream_options"] = {"include_usage": True}
    upstream = upstream_of(provider, model="m").unwrap()
    return translate_request(request(client, body), client, upstream).unwrap().exchange


@pytest.mark.parametrize("client", READERS)
@pytest.mark.parametrize("service", READERS)
@same_examples(3, completion=answers(), cuts=st.lists(st.integers(0, 10_000), max_size=5))
def test_an_answer_goes_through_as_a_body_and_as_a_stream(
    client: str, service: str, completion: Completion, cuts: list[int]
) -> None:
    if 0 in (completion.usage.input_tokens, completion.usage.output_tokens):
        completion = replace(completion, usage=Usage(3, 4))  # zeros mean unknown to some readers
    between = exchange(client, READERS[service])
    received = ReceivedRequest(dialect=service, model="m", created_s=7)
    server = server_dialects[service]
    answer = translate_response(server.build_response(completion, received), between)
    read = reader(client).parse_chat(answer.response).unwrap()
    assert bare(read) == bare(completion)
    encoder = server.open_encoder(received)
    upstream = encoder.encode(completion_to_events(completion)) + encoder.close(Success(None))
    stream = open_translation(ResponseHead(200, ()), between)
    body = b"".join([stream.feed(piece) for piece in divided(upstream, cuts)]) + stream.close()
    head = ResponseHead(200, (("content-type", between.dialect.stream_type(between.received)),))
    decoder = reader(client).open_stream(head)
    events = decoder.feed(body).unwrap()
    last = decoder.close().unwrap()
    assert bare(decoder.partial()) == bare(completion)
    assert len(events) + len(last) > 0
    names = {type(part).__name__ for part in plain_parts(decoder.partial().message.parts)}
    assert names <= {type(part).__name__ for part in completion.message.parts}


extra_keys = st.from_regex(r"x_[a-z]{1,6}", fullmatch=True)
extra_values = st.recursive(
    st.booleans() | st.integers(-9, 9) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize("dialect", READERS)
@same_examples(3, extra=st.dictionaries(extra_keys, extra_values, max_size=3))
def test_the_same_dialect_keeps_what_is_not_known(dialect: str, extra: dict[str, Any]) -> None:
    client = request(dialect, {**with_turns(dialect, []), **extra})
    upstream = upstream_of(dialect, model=MODELS[dialect]).unwrap()
    same = translate_request(client, dialect, upstream).unwrap()
    body = json.loads(same.request.body)
    kept = {name.replace("_", "").lower(): value for name, value in body.items()}
    assert {name: kept[name.replace("_", "")] for name in extra} == extra
    other = next(name for name in READERS if name != dialect)
    foreign = translate_request(client, dialect, upstream_of(other, model="m").unwrap()).unwrap()
    assert {change.field.replace("_", "").lower() for change in foreign.adaptations} >= {
        name.replace("_", "") for name in extra
    }


@pytest.mark.parametrize("name", ["anthropic", "gemini", "ollama", "openai", "openai_responses"])
@given(st.binary(max_size=30), st.integers(100, 599))
@examples(20)
def test_any_answer_is_an_answer_or_an_error_of_the_client(
    name: str, body: bytes, status: int
) -> None:
    for client in READERS:
        between = exchange(client, name)
        answer = translate_response(HttpResponse(status, (), body), between)
        assert isinstance(json.loads(answer.response.body), dict)
        stream = open_translation(ResponseHead(status, ()), between)
        data = stream.feed(body) + stream.close()
        assert stream.outcome is not None
        assert stream.feed(b"x") == stream.close() == stream.keep_alive() == b""
        assert data or isinstance(stream.outcome, Success)


def test_every_provider_of_a_dialect_is_an_upstream() -> None:
    for name in registry.names():
        upstream = upstream_of(name, model="m", base_url="http://localhost:1/v1").unwrap()
        result = translate_request(request("anthropic_messages", with_turns("anthropic_messages", [])), "anthropic_messages", upstream)  # fmt: skip
        kinds = ("unsupported", "configuration")
        assert result.value_or(None) is not None or result.failure().kind in kinds
