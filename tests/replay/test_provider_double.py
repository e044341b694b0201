"""A double that reads requests: rules, answers of every kind, what it records, in this process and on loopback."""

import asyncio
import gzip
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import httpx
import msgspec
import pytest

from llm_pure import (
    LLM,
    ChatRequest,
    Completion,
    HttpRequest,
    HttpResponse,
    LLMConfig,
    Text,
    ToolCall,
    Usage,
    assistant,
    user,
)
from llm_pure.policy.retry import RetryPolicy
from llm_pure.replay.doubles import (
    CUT,
    KEEP_ALIVE,
    Cut,
    FromReceived,
    Pause,
    ProviderDouble,
    Rule,
    Step,
    UpstreamResponse,
    serve_double,
    user_text,
)
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.server.client_dialect import client_dialect
from llm_pure.transports.base import Timeouts
from llm_pure.types.errors import ConnectionFailed, NotFound, Overloaded, RateLimited
from llm_pure.types.events import Finished, TextDelta
from llm_pure.types.operations import Embeddings, ModelInfo, ModelPage, TokenCount

NO_RETRY = RetryPolicy(max_attempts=1)
PROVIDERS = ("openai", "openai_responses", "anthropic", "gemini", "ollama")
"""One of each dialect."""


def llm_for(double: ProviderDouble, name: str = "openai") -> LLM:
    return LLM(LLMConfig(api_type=name, model="m"), transport=double, retry=NO_RETRY)


def post(double: ProviderDouble, content: str = "hi", **fields: Any) -> HttpResponse:
    """The response to a chat request of OpenAI's."""
    messages = [{"role": "user", "content": content}]
    body = msgspec.json.encode({"model": "m", "messages": messages, **fields})
    request = HttpRequest("POST", "http://double/v1/chat/completions", (), body)
    return double.send(request, Timeouts()).unwrap()


def text_of(response: HttpResponse) -> str:
    """The text or the message of the error."""
    body = msgspec.json.decode(response.body)
    text: str = body["error"]["message"] if "error" in body else body["choices"][0]["message"]["content"]  # fmt: skip
    return text


# Rules


def test_answers_are_given_in_turn_and_the_last_one_again() -> None:
    double = ProviderDouble("a", "b")
    assert [text_of(post(double)) for _ in range(3)] == ["a", "b", "b"]


def test_the_first_rule_that_matches_and_is_not_used_up_answers() -> None:
    double = ProviderDouble(
        Rule("tea", when="drink", times=1),
        Rule("coffee", when=lambda chat: "drink" in user_text(chat)),
        "anything",
    )
    questions = ("eat", "drink", "drink?", "a drink", "eat")
    assert [text_of(post(double, question)) for question in questions] == [
        "anything", "tea", "coffee", "coffee", "anything",
    ]  # fmt: skip


def test_functions_read_the_request_and_may_leave_it_to_the_next_rule() -> None:
    def french(chat: ChatRequest) -> str | None:
        return "oui" if chat.temperature == 1 else None

    def dialect(received: ReceivedRequest) -> str:
        return f"{received.dialect} {received.stream} {received.model}"

    double = ProviderDouble(Rule(french), FromReceived(dialect))
    assert text_of(post(double, temperature=1)) == "oui"
    assert text_of(post(double)) == "openai_chat False m"
    assert llm_for(double, "gemini").ask("hi").unwrap() == "gemini_content True m"


def test_a_rule_that_leaves_its_request_is_not_used() -> None:
    answers: Iterator[str | None] = iter([None, "mine"])
    double = ProviderDouble(Rule(lambda _: next(answers), times=1), "other")
    assert [text_of(post(double)) for _ in range(3)] == ["other", "mine", "other"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_request_without_a_rule_is_the_vendors_404(name: str) -> None:
    double = ProviderDouble(Rule("x", when="never"))
    error = llm_for(double, name).ask("how warm is it?").failure()
    assert isinstance(error, NotFound)
    assert error.message == "no rule of this double is for the request to 'm': 'how warm is it?'"
    assert len(double.unmatched) == 1
    assert double.received[0].messages[-1] == user("how warm is it?")


def test_an_unknown_path_and_a_body_that_cannot_be_read_are_unmatched() -> None:
    double = ProviderDouble("x")
    timeouts = Timeouts()
    sent = [
        HttpRequest("GET", "http://double/v1/files"),
        HttpRequest("POST", "http://double/v1/messages", (), b"{"),
    ]
    responses = [double.send(request, timeouts).unwrap() for request in sent]
    assert [response.status for response in responses] == [404, 400]
    assert msgspec.json.decode(responses[1].body)["type"] == "error"
    assert (double.unmatched, double.received, double.requests) == (sent, [], sent)


def test_models_that_do_not_exist_are_not_found() -> None:
    double = ProviderDouble("x", models=("small",))
    assert post(double).status == 404
    assert double.send(HttpRequest("GET", "http://d/v1/models/m"), Timeouts()).unwrap().status == 404  # fmt: skip
    assert [row.id for row in llm_for(double).list_models().unwrap().models] == ["small"]


def test_a_double_needs_a_rule_and_no_iterator_that_serves_once() -> None:
    with pytest.raises(TypeError, match="at least one rule"):
        ProviderDouble()
    with pytest.raises(TypeError, match="iterator serves one request"):
        ProviderDouble(iter(["a"]))  # type: ignore[arg-type]


# Answers


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_kind_of_answer_arrives_in_every_dialect(name: str, *, stream: bool) -> None:
    complete = Completion(message=assistant("half an"), finish_reason="length", usage=Usage(7, 3))
    calls = [ToolCall("call_1", "clock", "{}"), ToolCall("call_2", "clock", "{}")]
    events: list[Step] = [TextDelta("a "), Pause(0), KEEP_ALIVE, TextDelta("b"), Finished("length")]
    llm = llm_for(ProviderDouble("It is 4 °C.", complete, calls, events), name)

    def answer() -> Completion:
        if not stream:
            return llm.completion("hi").unwrap()
        with llm.stream("hi") as opened:
            for _ in opened:
                pass
        return opened.result().unwrap()

    answers = [answer() for _ in range(4)]
    assert [(one.text, one.finish_reason) for one in answers] == [
        ("It is 4 °C.", "stop"), ("half an", "length"), ("", "tool_calls"), ("a b", "length"),
    ]  # fmt: skip
    assert [one.name for one in answers[2].tool_calls] == ["clock", "clock"]
    usage = answers[1].usage
    assert (usage.input_tokens, usage.output_tokens) == (7, 3)


@pytest.mark.parametrize("name", PROVIDERS)
def test_errors_arrive_before_and_within_a_stream(name: str) -> None:
    limited, busy = RateLimited(message="slow down", retry_after_s=3), Overloaded(message="busy")
    llm = llm_for(ProviderDouble(limited, [TextDelta("half"), busy]), name)
    error = llm.ask("hi").failure()
    assert (error.kind, error.message, error.retry_after_s) == ("rate_limited", "slow down", 3)  # type: ignore[union-attr]
    with llm.stream("hi") as events:
        texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert (texts, "busy" in events.result().failure().message) == (["half"], True)


@pytest.mark.parametrize("cut", [CUT, Cut("end")])
@pytest.mark.parametrize("name", PROVIDERS)
def test_a_cut_response_is_interrupted_whole_or_streamed(name: str, cut: Cut) -> None:
    llm = llm_for(ProviderDouble([TextDelta("half"), cut]), name)
    with llm.stream("hi") as events:
        texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert (texts, events.result().failure().kind) == (["half"], "stream_interrupted")
    assert llm.ask("hi").failure().kind in ("connection", "protocol", "stream_interrupted")


def test_a_connection_that_fails_is_no_response() -> None:
    error = ConnectionFailed(message="refused", retryable=False)
    failure = llm_for(ProviderDouble(error)).ask("hi").failure()
    assert msgspec.structs.replace(failure, provider="") == error


def test_events_without_an_end_end_normally() -> None:
    llm = llm_for(ProviderDouble([TextDelta("a")]))
    assert llm.completion("hi").unwrap().finish_reason == "stop"


def test_a_stream_is_written_as_its_generator_runs() -> None:
    steps: list[str] = []

    def answer(chat: ChatRequest) -> Iterator[Step]:
        for text in ("a", "b", "c"):
            steps.append(text)
            yield TextDelta(text)

    with llm_for(ProviderDouble(answer)).stream("hi") as events:
        for event in events:
            if isinstance(event, TextDelta):
                break
    assert steps == ["a"]


def test_waits_of_rules_and_of_events_are_kept() -> None:
    rule = Rule("one two", delay_s=0.02, pace_s=0.005)
    double = ProviderDouble(rule, Rule([TextDelta("a"), Pause(9)]))
    begin_s = perf_counter()
    with llm_for(double).stream("hi") as events:
        assert len([event for event in events if isinstance(event, TextDelta)]) == 2
    assert perf_counter() - begin_s > 0.03
    request = HttpRequest("POST", "http://d/api/chat", (), b'{"model":"m","messages":[]}')
    late = ProviderDouble(Rule("a", delay_s=9)).send(request, Timeouts(read_s=0.001))
    assert late.failure().kind == "timeout"


def test_the_response_of_another_provider_is_translated() -> None:
    completion = Completion(
        message=assistant(Text("Hei."), ToolCall("call_9", "clock", '{"a":1}')),
        finish_reason="tool_calls",
        usage=Usage(9, 4),
    )
    anthropic = server_dialects["anthropic_messages"]
    wire = anthropic.build_response(completion, ReceivedRequest(dialect=anthropic.name))
    answer = UpstreamResponse(provider="anthropic", response=wire)
    for name in PROVIDERS:
        result = llm_for(ProviderDouble(answer), name).completion("hi").unwrap()
        assert (result.text, result.usage.output_tokens) == ("Hei.", 4)
        assert [(call.name, call.arguments) for call in result.tool_calls] == [("clock", '{"a":1}')]
    error = anthropic.build_error(Overloaded(message="busy"), ReceivedRequest(dialect=anthropic.name))  # fmt: skip
    busy = UpstreamResponse(provider="anthropic", response=error)
    assert llm_for(ProviderDouble(busy), "gemini").ask("hi").failure().kind == "overloaded"


# Operations besides chat


@pytest.mark.parametrize("name", ["openai", "gemini", "ollama"])
def test_embeddings_are_the_same_in_every_run_and_dialect(name: str) -> None:
    llm, other = llm_for(ProviderDouble("x"), name), llm_for(ProviderDouble("x"))
    result = llm.embed(["a", "b", "a"]).unwrap()
    assert result.vectors[0] == result.vectors[2] != result.vectors[1]
    assert result.vectors == other.embed(["a", "b", "a"]).unwrap().vectors


def test_rules_of_other_operations_answer_them() -> None:
    double = ProviderDouble(
        Rule(Embeddings(vectors=((1.0, 0.0),)), operation="embed", times=1),
        Rule(Overloaded(message="busy"), operation="embed"),
        Rule(TokenCount(input_tokens=5), operation="count_tokens"),
        Rule(ModelPage(models=(ModelInfo(id="one"),)), operation="models"),
        "chat",
    )
    llm = llm_for(double, "gemini")
    assert llm.embed(["a"]).unwrap().vectors == ((1.0, 0.0),)
    assert llm.embed(["a"]).failure().kind == "overloaded"
    assert [row.id for row in llm.list_models().unwrap().models] == ["one"]
    assert llm.ask("hi").unwrap() == "chat"
    with pytest.raises(TypeError, match="embed is not answered with str"):
        llm_for(ProviderDouble(Rule("x", operation="embed"))).embed(["a"])
    with pytest.raises(TypeError, match="not answered with TokenCount"):
        llm_for(ProviderDouble(TokenCount(input_tokens=1))).ask("a")


# On loopback


def test_a_server_answers_all_dialects_on_one_port_and_records_them() -> None:
    with serve_double(lambda chat: f"{chat.model}: {user_text(chat)}") as double:
        for name in PROVIDERS:
            base = double.url + ("/v1" if name.startswith("openai") else "")
            config = LLMConfig(api_type=name, model=f"m-{name}", base_url=base, api_key="any")
            with LLM(config, retry=NO_RETRY) as llm:
                assert llm.ask("hi").unwrap() == f"m-{name}: hi"
    assert [chat.model for chat in double.chats] == [f"m-{name}" for name in PROVIDERS]
    assert [received.credential.reveal() for received in double.received if received.credential] == ["any"] * 5  # fmt: skip
    assert len({received.response_id for received in double.received}) == 5
    double.clear()
    assert (double.requests, double.chats) == ([], [])


def test_a_compressed_request_is_read_and_a_broken_one_refused() -> None:
    body = msgspec.json.encode({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": False})  # fmt: skip
    with serve_double(user_text) as double:
        url = f"{double.url}/api/chat"
        headers = {"content-encoding": "gzip"}
        answer = httpx.post(url, content=gzip.compress(body), headers=headers)
        assert answer.json()["message"]["content"] == "hi"
        assert httpx.post(url, content=body, headers=headers).status_code == 400
        assert httpx.post(url, content=body, headers={"content-encoding": "x"}).status_code == 415
    assert [request.body for request in double.requests] == [body]


def test_a_websocket_is_refused_as_clients_understand_it() -> None:
    """Codex tries one first: after a 426 it uses HTTP at once, after a 404 it tries six times more."""
    with serve_double("x") as double:
        headers = {"connection": "Upgrade", "upgrade": "websocket"}
        assert httpx.get(f"{double.url}/v1/responses", headers=headers).status_code == 426
    assert double.requests == []


def test_a_servers_connection_breaks_where_the_rule_says() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with serve_double([TextDelta("half"), CUT], [TextDelta("half"), Cut("end")]) as double:
        url = f"{double.url}/v1/chat/completions"
        with httpx.Client() as client:
            with pytest.raises(httpx.RemoteProtocolError), client.stream("POST", url, json=body) as response:  # fmt: skip
                for _ in response.iter_bytes():
                    pass
            assert "[DONE]" not in client.post(url, json=body).text


def test_an_exception_of_a_rule_is_a_400_and_raised_by_the_block() -> None:
    def check(chat: ChatRequest) -> str:
        raise AssertionError("no temperature")

    def late(chat: ChatRequest) -> Iterator[Step]:
        yield TextDelta("a")
        raise AssertionError("late")

    def status(rule: Any) -> Any:
        with serve_double(rule) as double:
            try:
                response = httpx.post(f"{double.url}/api/chat", json={"model": "m", "messages": []})
            except httpx.RemoteProtocolError as broken:
                seen.append(type(broken).__name__)
            else:
                seen.append((response.status_code, response.json()))

    seen: list[Any] = []
    with pytest.raises(AssertionError, match="no temperature"):
        status(check)
    with pytest.raises(AssertionError, match="late"):
        status(late)
    assert seen == [
        (400, {"error": "a rule of the double raised AssertionError: no temperature"}),
        "RemoteProtocolError",
    ]
    with pytest.raises(AssertionError, match="no temperature"):
        llm_for(ProviderDouble(check)).ask("hi")


def test_a_double_in_this_process_is_an_async_transport_too() -> None:
    llm = llm_for(ProviderDouble(Rule("one two", delay_s=0.001, times=1), "three"), "anthropic")

    async def texts() -> list[str]:
        async with llm.astream("hi") as events:
            parts = [event.text async for event in events if isinstance(event, TextDelta)]
        return [*parts, (await llm.aask("hi")).unwrap()]

    assert asyncio.run(texts()) == ["one", " two", "three"]


# Which dialect a client speaks


@pytest.mark.parametrize(
    ("method", "path", "headers", "dialect"),
    [
        ("POST", "/v1/chat/completions", (), "openai_chat"),
        ("POST", "/chat/completions/", (), "openai_chat"),
        ("POST", "/mount/v1/responses?beta=true", (), "openai_responses"),
        ("GET", "/v1/responses/resp_1", (), "openai_responses"),
        ("POST", "/v1/responses/input_tokens", (), "openai_responses"),
        ("POST", "/v1/messages?beta=true", (), "anthropic_messages"),
        ("POST", "/messages", (), "anthropic_messages"),
        ("POST", "/v1/messages/count_tokens", (), "anthropic_messages"),
        ("HEAD", "/api/hello", (), "anthropic_messages"),
        ("POST", "/v1/models/m:generateContent", (), "gemini_content"),
        ("POST", "/v1beta/models/a%2Fb%3A1:streamGenerateContent?alt=sse", (), "gemini_content"),
        ("POST", "/v1beta1/projects/p/locations/l/publishers/google/models/m:countTokens", (), "gemini_content"),
        ("GET", "/v1beta/models", (), "gemini_content"),
        ("GET", "/v1/models?key=any", (), "gemini_content"),
        ("GET", "/v1/models/m", (("x-goog-api-key", "any"),), "gemini_content"),
        ("GET", "/v1/models", (("anthropic-version", "2023-06-01"),), "anthropic_messages"),
        ("GET", "/v1/models", (("authorization", "Bearer any"),), "openai_chat"),
        ("POST", "/v1/embeddings", (), "openai_chat"),
        ("POST", "/api/embed", (), "ollama_native"),
        ("GET", "/api/tags", (), "ollama_native"),
        ("GET", "/healthz", (), "openai_chat"),
        ("GET", "/v1/files", (("x-api-key", "any"),), "anthropic_messages"),
    ],
)  # fmt: skip
def test_the_dialect_of_a_client(
    method: str, path: str, headers: tuple[tuple[str, str], ...], dialect: str
) -> None:
    assert client_dialect(HttpRequest(method, f"http://127.0.0.1:1{path}", headers)) == dialect


def test_a_url_that_cannot_be_read_has_a_dialect_too() -> None:
    assert client_dialect(HttpRequest("GET", "http://[")) == "openai_chat"
