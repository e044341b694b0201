"""Our transports under clients of httpx and httpx2, and so under the packages of the vendors: replayed, recorded, and with errors."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anthropic
import anyio
import groq
import httpx
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types

from llm_pure.replay import (
    Cassette,
    Fault,
    Interaction,
    MatchRules,
    RecordTransport,
    ReplayTransport,
    httpx2_transport,
    httpx_transport,
    load_cassette,
    open_cassette,
    open_replay,
    single_bytes,
)
from llm_pure.transports.base import Timeouts
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    LLMError,
    ProtocolError,
    RateLimited,
    StreamInterrupted,
    TimedOut,
)
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Success
from tests.support.scenarios import CASSETTES

LIBRARIES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "httpx": (httpx, httpx_transport),
    "httpx2": (httpx2, httpx2_transport),
}
BOTH = pytest.mark.parametrize(("library", "bind"), LIBRARIES.values(), ids=LIBRARIES)
URL = "https://api.test/v1/chat/completions"
SSE = (("content-type", "text/event-stream"),)
JSON = (("content-type", "application/json"),)
HELLO: Any = [{"role": "user", "content": "hello"}]


def recorded(*providers: str) -> list[Any]:
    return [
        pytest.param(path, id=f"{provider}/{path.stem}")
        for provider in providers
        for path in sorted((CASSETTES / provider).glob("chat.*.yaml"))
    ]


def interaction(path: Path) -> Interaction:
    [only] = load_cassette(path).unwrap().interactions
    return only


def single(response: HttpResponse, sizes: tuple[int, ...] = ()) -> Cassette:
    request = HttpRequest("POST", URL, JSON, b'{"b":1,"a":2}')
    return Cassette(
        name="one.yaml",
        interactions=(Interaction(request=request, response=response, sizes=sizes),),
    )


# Bytes


@BOTH
@pytest.mark.parametrize(
    "path", recorded("openai", "anthropic", "gemini", "bedrock", "ollama", "cohere")
)
def test_a_client_reads_the_recorded_bytes_in_the_recorded_chunks(
    library: Any, bind: Callable[[Any], Any], path: Path
) -> None:
    kept = interaction(path)
    request, response = kept.request, kept.response

    def sent(client: Any) -> Any:
        body = json.loads(request.body)
        reordered = dict(reversed(body.items()))  # bodies are compared as JSON
        return client.build_request(request.method, request.url, json=reordered)

    def check(received: Any, chunks: list[bytes]) -> None:
        assert received.status_code == response.status
        assert b"".join(chunks) == response.body
        if kept.sizes:
            assert chunks == split(response.body, kept.sizes)

    with library.Client(transport=bind(open_replay(path).unwrap())) as client:
        received = client.send(sent(client), stream=True)
        check(received, list(received.iter_raw()))
        received.close()

    async def run() -> None:
        async with library.AsyncClient(transport=bind(open_replay(path).unwrap())) as client:
            received = await client.send(sent(client), stream=True)
            check(received, [chunk async for chunk in received.aiter_raw()])
            await received.aclose()

    anyio.run(run)


def split(body: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(body[:size])
        body = body[size:]
    return [chunk for chunk in (*chunks, body) if chunk]


@BOTH
def test_headers_of_the_connection_and_codings_are_left_out(
    library: Any, bind: Callable[[Any], Any]
) -> None:
    headers = (
        *JSON,
        ("content-encoding", "gzip"),
        ("content-length", "99"),
        ("x-request-id", "r"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    )
    transport = ScriptedTransport([ScriptedResponse(headers=headers, chunks=(b"{}",))])
    with library.Client(transport=bind(transport)) as client:
        response = client.post(URL, json={})
    assert response.content == b"{}"
    assert response.headers.multi_items() == [
        JSON[0],
        ("x-request-id", "r"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]
    sent = dict(transport.requests[0].headers)
    assert not {"host", "content-length", "accept-encoding", "connection"} & set(sent)
    assert sent["content-type"] == "application/json"


@BOTH
def test_a_stream_that_is_left_early_is_closed(library: Any, bind: Callable[[Any], Any]) -> None:
    closed = []

    class Closing(ScriptedTransport):
        @contextmanager
        def stream(self, request: HttpRequest, timeouts: Timeouts) -> Iterator[Any]:
            with super().stream(request, timeouts) as response:
                yield response
            closed.append("sync")

        @asynccontextmanager
        async def astream(self, request: HttpRequest, timeouts: Timeouts) -> AsyncIterator[Any]:
            async with super().astream(request, timeouts) as response:
                yield response
            closed.append("async")

    double = Closing(lambda request: ScriptedResponse(headers=SSE, chunks=(b"1", b"2")))
    with library.Client(transport=bind(double)) as client, client.stream("GET", URL) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"1"
        assert closed == []
    assert closed == ["sync"]

    async def run() -> None:
        async with (
            library.AsyncClient(transport=bind(double)) as client,
            client.stream("GET", URL) as response,
        ):
            chunks = response.aiter_raw()
            assert await anext(chunks) == b"1"
            assert closed == ["sync"]

    anyio.run(run)
    assert closed == ["sync", "async"]


# Errors


@BOTH
def test_a_miss_is_a_response_with_its_reason(library: Any, bind: Callable[[Any], Any]) -> None:
    replay = ReplayTransport(single(HttpResponse(200, JSON, b"{}")))
    with library.Client(transport=bind(replay)) as client:
        response = client.post(URL, json={"c": 3})
    assert response.status_code == 404
    assert response.headers["x-should-retry"] == "false"
    assert response.json()["error"]["code"] == "not_recorded"
    for difference in ("/a: (absent) != 2", "/b: (absent) != 1", "/c: 3 != (absent)"):
        assert difference in response.json()["error"]["message"]
    assert len(replay.misses) == 1


NETWORK: list[tuple[LLMError, str]] = [
    (ConnectionFailed(message="refused"), "ConnectError"),
    (TimedOut(message="late", phase="connect"), "ConnectTimeout"),
    (TimedOut(message="late", phase="read"), "ReadTimeout"),
    (TimedOut(message="late", phase="write"), "WriteTimeout"),
    (TimedOut(message="late", phase="pool"), "PoolTimeout"),
    (TimedOut(message="late", phase="total"), "ReadTimeout"),
]


@BOTH
@pytest.mark.parametrize(("error", "name"), NETWORK, ids=[f"{e.kind}-{n}" for e, n in NETWORK])
def test_an_error_of_the_network_is_an_exception_of_the_package(
    library: Any, bind: Callable[[Any], Any], error: LLMError, name: str
) -> None:
    transport = bind(ScriptedTransport([error]))
    with (
        library.Client(transport=transport) as client,
        pytest.raises(getattr(library, name)) as caught,
    ):
        client.get(URL)
    assert str(caught.value) == error.message
    assert caught.value.request.url == URL


@BOTH
@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (
            RateLimited(message="slow", retry_after_s=1.5, retryable=True),
            429,
            {"retry-after": "1.5"},
        ),
        (AuthenticationFailed(message="key", status=403), 403, {"x-should-retry": "false"}),
        (ProtocolError(message="odd"), 502, {"x-should-retry": "false"}),
    ],
    ids=["rate_limited", "authentication", "protocol"],
)
def test_any_other_error_is_a_response_with_its_message(
    library: Any,
    bind: Callable[[Any], Any],
    error: LLMError,
    status: int,
    headers: dict[str, str],
) -> None:
    with library.Client(transport=bind(ScriptedTransport([error]))) as client:
        response = client.get(URL)
    assert response.status_code == status
    assert response.json() == {
        "type": "error",
        "error": {"message": error.message, "type": error.kind, "code": error.kind, "param": None},
        "message": error.message,
    }
    own = {name: response.headers[name] for name in headers}
    assert own == headers


BROKEN: list[tuple[LLMError, str]] = [
    (StreamInterrupted(message="cut"), "RemoteProtocolError"),
    (ConnectionFailed(message="reset"), "ReadError"),
    (TimedOut(message="late", phase="read"), "ReadTimeout"),
    (ProtocolError(message="odd"), "HTTPError"),
]


@BOTH
@pytest.mark.parametrize(("error", "name"), BROKEN, ids=[error.kind for error, _ in BROKEN])
def test_a_stream_that_breaks_gives_what_came_and_then_an_exception(
    library: Any, bind: Callable[[Any], Any], error: LLMError, name: str
) -> None:
    answer = ScriptedResponse(headers=SSE, chunks=(b"1", b"2"), error=error)
    exception = getattr(library, name)
    with (
        library.Client(transport=bind(ScriptedTransport([answer]))) as client,
        client.stream("GET", URL) as response,
    ):
        chunks = response.iter_raw()
        assert [next(chunks), next(chunks)] == [b"1", b"2"]
        with pytest.raises(exception, match=error.message):
            next(chunks)

    async def run() -> None:
        async with (
            library.AsyncClient(transport=bind(ScriptedTransport([answer]))) as client,
            client.stream("GET", URL) as response,
        ):
            chunks = response.aiter_raw()
            assert [await anext(chunks), await anext(chunks)] == [b"1", b"2"]
            with pytest.raises(exception, match=error.message):
                await anext(chunks)

    anyio.run(run)


@BOTH
def test_the_timeouts_of_a_client_are_those_of_the_transport(
    library: Any, bind: Callable[[Any], Any]
) -> None:
    seen = []

    class Seeing(ScriptedTransport):
        def stream(self, request: HttpRequest, timeouts: Timeouts) -> Any:
            seen.append(timeouts)
            return super().stream(request, timeouts)

    double = Seeing(lambda request: ScriptedResponse(headers=JSON))
    with library.Client(transport=bind(double)) as client:
        client.get(URL, timeout=library.Timeout(connect=1, read=2, write=3, pool=4))
        client.get(URL, timeout=None)
    day_s = 86_400.0
    assert seen == [
        Timeouts(connect_s=1, read_s=2, write_s=3, pool_s=4, total_s=day_s),
        Timeouts(connect_s=day_s, read_s=day_s, write_s=day_s, pool_s=day_s, total_s=day_s),
    ]


def test_a_transport_of_the_other_kind_is_an_error_with_a_reason(tmp_path: Path) -> None:
    cassette = open_cassette(tmp_path / "one.yaml").unwrap()
    only_sync = RecordTransport(cassette, ScriptedTransport([]))

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx_transport(only_sync)) as client:
            response = await client.get(URL)
        assert response.status_code == 400
        assert "RecordTransport is no AsyncTransport" in response.json()["message"]

    anyio.run(run)


# Packages

OFFICIAL: dict[str, tuple[Any, Any]] = {
    "openai": (openai.OpenAI, openai.AsyncOpenAI),
    "anthropic": (anthropic.Anthropic, anthropic.AsyncAnthropic),
}


@pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")
@pytest.mark.parametrize("path", recorded("openai", "anthropic"))
def test_the_official_packages_read_what_was_recorded(path: Path) -> None:
    """Whole and streamed, tools, images, schemas and errors, sync and async: the bytes that they read are the recorded ones."""
    kept = interaction(path)
    fields = json.loads(kept.request.body)
    body = {name: fields.pop(name) for name in ("model", "messages")}
    body |= {name: fields.pop(name) for name in ("max_tokens", "stream") if name in fields}
    body["extra_body"] = fields  # some fields of the wire are no parameters of the package
    provider = path.parent.name
    sync_type, async_type = OFFICIAL[provider]
    base_url = kept.request.url.removesuffix("/chat/completions").removesuffix("/v1/messages")
    options: Any = {"api_key": "any", "base_url": base_url, "max_retries": 0}

    def resource(client: Any) -> Any:
        chat = client.chat.completions if provider == "openai" else client.messages
        return chat.with_streaming_response

    client = sync_type(
        http_client=httpx2.Client(transport=httpx2_transport(open_replay(path).unwrap())), **options
    )
    module = openai if provider == "openai" else anthropic
    if kept.response.status >= 400:
        with (
            pytest.raises(module.APIStatusError) as caught,
            resource(client).create(**body) as response,
        ):
            pass
        assert caught.value.status_code == kept.response.status
        assert caught.value.response.content == kept.response.body
    else:
        with resource(client).create(**body) as response:
            assert b"".join(response.iter_bytes()) == kept.response.body

    async def run() -> None:
        replay = open_replay(path).unwrap()
        client = async_type(
            http_client=httpx2.AsyncClient(transport=httpx2_transport(replay)), **options
        )
        if kept.response.status >= 400:
            with pytest.raises(module.APIStatusError):
                async with resource(client).create(**body):
                    pass
            return
        async with resource(client).create(**body) as response:
            chunks = [chunk async for chunk in response.iter_bytes()]
        assert b"".join(chunks) == kept.response.body

    anyio.run(run)


COMPLETION = {
    "id": "c",
    "object": "chat.completion",
    "created": 0,
    "model": "gpt-5-mini",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
}
DELTAS = [
    {**COMPLETION, "object": "chat.completion.chunk", "choices": [choice]}
    for choice in (
        {"index": 0, "delta": {"role": "assistant", "content": "h"}, "finish_reason": None},
        {"index": 0, "delta": {"content": "i"}, "finish_reason": "stop"},
    )
]
WHOLE = ScriptedResponse(headers=JSON, chunks=(json.dumps(COMPLETION).encode(),))
STREAMED = ScriptedResponse(
    headers=SSE,
    chunks=(
        *[b"data: " + json.dumps(delta).encode() + b"\n\n" for delta in DELTAS],
        b"data: [DONE]\n\n",
    ),
)
KEY = "sk-proj-live0123456789live0123456789"


def openai_client(source: Any, **options: Any) -> openai.OpenAI:
    http_client = httpx2.Client(transport=httpx2_transport(source))
    return openai.OpenAI(http_client=http_client, **{"api_key": KEY, **options})


def ask(client: openai.OpenAI, **options: Any) -> str:
    create: Any = client.chat.completions.create
    answer = create(model="gpt-5-mini", messages=HELLO, **options)
    if options.get("stream"):
        return "".join([chunk.choices[0].delta.content or "" for chunk in answer])
    return str(answer.choices[0].message.content)


def test_what_the_openai_package_asks_is_recorded_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "openai.yaml"
    service = ScriptedTransport(
        lambda request: STREAMED if b'"stream":true' in request.body else WHOLE
    )
    cassette = open_cassette(path, "once").unwrap()
    client = openai_client(RecordTransport(cassette, service))
    assert (ask(client), ask(client, stream=True)) == ("hi", "hi")
    cassette.save().unwrap()
    kept = load_cassette(path).unwrap().interactions
    assert [one.response.body for one in kept] == [
        b"".join(WHOLE.chunks),
        b"".join(STREAMED.chunks),
    ]
    assert kept[1].sizes == tuple(map(len, STREAMED.chunks))
    assert KEY not in path.read_text()

    replayed = openai_client(open_cassette(path).unwrap(), api_key="any")
    assert (ask(replayed), ask(replayed, stream=True)) == ("hi", "hi")


def test_the_openai_package_raises_a_miss_at_once_and_in_full() -> None:
    replay = open_replay(CASSETTES / "openai", matching=MatchRules(origin=False)).unwrap()
    client = openai_client(replay)
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(
            model="gpt-5-mini",
            messages=[{"role": "user", "content": "Who?"}],
            max_completion_tokens=4096,
        )
    last_line = str(caught.value)
    assert "no recording matches POST /v1/chat/completions: nearest is " in last_line
    assert "/messages/0/content: " in last_line
    assert 'Record it with open_cassette("' in last_line
    assert len(replay.misses) == 1


def test_the_anthropic_package_raises_a_miss_at_once_and_in_full() -> None:
    replay = open_replay(CASSETTES / "anthropic", matching=MatchRules(origin=False)).unwrap()
    client = anthropic.Anthropic(
        http_client=httpx2.Client(transport=httpx2_transport(replay)), api_key="any"
    )
    with pytest.raises(anthropic.NotFoundError, match="no recording matches POST"):
        client.messages.create(model="claude-haiku-4-5", max_tokens=10, messages=HELLO)
    assert len(replay.misses) == 1


def test_packages_on_httpx_raise_a_miss_at_once_and_in_full() -> None:
    replay = ReplayTransport(single(HttpResponse(200, JSON, b"{}")))
    client = groq.Groq(http_client=httpx.Client(transport=httpx_transport(replay)), api_key="any")
    with pytest.raises(groq.NotFoundError, match="no recording matches POST"):
        client.chat.completions.create(model="m", messages=HELLO)
    assert len(replay.misses) == 1


def test_google_genai_replays_and_raises_a_miss_at_once_and_in_full() -> None:
    answer = {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}
        ]
    }
    service = ScriptedTransport(
        lambda request: ScriptedResponse(headers=JSON, chunks=(json.dumps(answer).encode(),))
    )
    for source, expected in ((service, "hi"), (ReplayTransport(), None)):
        http_client: Any = httpx2.Client(transport=httpx2_transport(source))
        client = genai.Client(
            api_key="any", http_options=genai_types.HttpOptions(httpx_client=http_client)
        )
        generate = partial(
            client.models.generate_content, model="gemini-2.5-flash", contents="hello"
        )
        if expected is not None:
            assert generate().text == expected
            continue
        with pytest.raises(genai_errors.ClientError, match="no recording matches POST"):
            generate()


def test_a_recording_that_may_hold_a_secret_fails_the_call_once(tmp_path: Path) -> None:
    shown = {**DELTAS[0], "note": "q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"}
    body = json.dumps(shown).encode()
    service = ScriptedTransport(lambda request: ScriptedResponse(headers=JSON, chunks=(body,)))
    cassette = open_cassette(tmp_path / "one.yaml", "once").unwrap()
    with pytest.raises(openai.BadRequestError, match=r"possible secret in response\.body /note"):
        ask(openai_client(RecordTransport(cassette, service)))
    assert len(service.requests) == 1
    event = b"data: " + body + b"\n\n"
    service = ScriptedTransport(lambda request: ScriptedResponse(headers=SSE, chunks=(event,)))
    with pytest.raises(httpx2.HTTPError, match="possible secret in response"):
        ask(openai_client(RecordTransport(cassette, service)), stream=True)
    assert len(service.requests) == 1


def test_faults_and_their_retries_are_those_of_the_package() -> None:
    replay = open_replay(
        CASSETTES / "openai",
        matching=MatchRules(origin=False, ignored=("/max_completion_tokens",)),
        again=True,
        fault=Fault(first=(429, 503)),
    ).unwrap()
    assert ask(openai_client(replay))
    cut = open_replay(
        CASSETTES / "openai",
        matching=MatchRules(origin=False, ignored=("/max_completion_tokens", "/stream_options")),
        borders=single_bytes,
        fault=Fault(cut_at=700, cut_as="reset"),
    ).unwrap()
    with pytest.raises(openai.APIConnectionError):
        ask(openai_client(cut), stream=True)


def test_a_call_of_a_client_of_ours_and_of_a_package_share_a_recorder(tmp_path: Path) -> None:
    cassette = open_cassette(tmp_path / "one.yaml", "once").unwrap()
    service = ScriptedTransport(lambda request: WHOLE)
    recorder = RecordTransport(cassette, service)
    assert ask(openai_client(recorder)) == "hi"
    request = HttpRequest("POST", URL, JSON, b"{}")
    assert recorder.send(request, Timeouts()).map(lambda answer: answer.status) == Success(200)
    assert len(cassette.recorded) == 2
