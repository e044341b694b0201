"""Streams of a gateway: keep-alives, limits, clients that leave, faults of the upstream at every place."""

import asyncio
from typing import Any

import msgspec
import pytest

from llm_pure.gateway.client_keys import OPEN
from llm_pure.gateway.key_access import KeyAccess
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest
from tests.support.asgi import Answer
from tests.support.gateways import (
    BODIES,
    DONE,
    ERRORS_OF,
    HANG,
    HELLO,
    JSON,
    RESET,
    SSE,
    STREAM,
    TWO,
    Reply,
    Running,
    Step,
    hello,
    openai_chunk,
    streamed,
)

DIALECTS = list(BODIES)
QUICK = f"{TWO}\nserve: {{keep_alive_s: 0.03, first_byte_s: 0.4, silence_s: 0.25}}"

KEEP_ALIVES = {
    "openai_chat": b": keep-alive\n\n",
    "openai_responses": b": keep-alive\n\n",
    "anthropic_messages": b'event: ping\ndata: {"type":"ping"}\n\n',
    "gemini_content": b"data: {}\r\n\r\n",
    "ollama_native": b'"content":""},"done":false}\n',
}
ENDS = {
    "openai_chat": b"[DONE]",
    "openai_responses": b"response.completed",
    "anthropic_messages": b"message_stop",
    "gemini_content": b"finishReason",
    "ollama_native": b'"done":true',
}


def replies(*steps: Step, **more: Any) -> Any:
    return lambda request: Reply(steps, **more)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_clients_are_kept_alive_while_a_model_thinks(dialect: str) -> None:
    thought = asyncio.Event()
    running = Running(f"{TWO}\nserve: {{keep_alive_s: 0.03}}", replies(thought, *STREAM))

    async def wait() -> Answer:
        request = running.request(*streamed(dialect))
        call = asyncio.create_task(request.run())
        await request.wait_for(KEEP_ALIVES[dialect])
        thought.set()
        return await call

    answer = asyncio.run(wait())
    assert answer.status == 200
    assert answer.chunks[0].endswith(KEEP_ALIVES[dialect])
    assert ENDS[dialect] in answer.body


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_silent_upstream_ends_in_an_error_event(dialect: str) -> None:
    running = Running(QUICK, replies(*HELLO, HANG))
    answer = asyncio.run(running.post(*streamed(dialect)))
    assert (answer.status, answer.complete) == (200, True)
    assert b"Hel" in answer.body
    assert ERRORS_OF[dialect] in answer.chunks[-1]
    assert ENDS[dialect] not in answer.body
    assert running.records[0].error == "timeout"
    assert (running.upstream.open, running.upstream.cancelled) == (0, 1)


def test_an_upstream_that_never_begins_is_a_504_without_keep_alives_before() -> None:
    text = f"{TWO}\nserve: {{first_byte_s: 0.1}}"
    for dialect in DIALECTS:
        running = Running(text, replies(HANG))
        answer = asyncio.run(running.post(*streamed(dialect)))
        assert answer.status in (504, 500), dialect
        buffered = asyncio.run(running.post(*BODIES[dialect]))
        assert buffered.status == answer.status
        assert running.upstream.open == 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("when", ["before", "middle"])
def test_a_client_that_leaves_cancels_the_upstream_at_once(dialect: str, when: str) -> None:
    steps: tuple[Step, ...] = (HANG,) if when == "before" else (*HELLO, HANG)
    running = Running(TWO, replies(*steps))

    async def leave() -> float:
        request = running.request(*streamed(dialect))
        task = asyncio.create_task(request.run())
        if when == "middle":
            await request.wait_for(b"lo")
        else:
            await asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()
        left_s = loop.time()
        request.leave()
        await task
        return loop.time() - left_s

    took_s = asyncio.run(leave())
    assert took_s < 0.2  # 0.1 on a machine with nothing else to do
    assert (running.upstream.open, running.upstream.cancelled) == (0, 1)
    assert len(running.upstream.requests) == 1
    (record,) = running.records
    assert (record.error, record.status) == ("client_gone", 200 if when == "middle" else 499)


def test_a_client_that_leaves_a_buffered_call_or_a_retry_cancels_it() -> None:
    text = TWO.replace("max_attempts: 1", "max_attempts: 5, initial_backoff_s: 60")

    async def leave(running: Running) -> None:
        request = running.request(*BODIES["anthropic_messages"])
        task = asyncio.create_task(request.run())
        await asyncio.sleep(0.02)
        request.leave()
        await asyncio.wait_for(task, 1)

    for script in (replies(HANG), lambda request: RESET):
        running = Running(text, script)
        asyncio.run(leave(running))
        assert len(running.upstream.requests) == 1
        assert (running.upstream.open, running.records[0].error) == (0, "client_gone")


@pytest.mark.parametrize("model", ["fast", "smart"])
def test_without_a_budget_what_came_is_estimated_without_a_tokenizer(model: str) -> None:
    running = Running(TWO.replace("anthropic", "deepseek"), replies(*HELLO, HANG))

    async def leave() -> None:
        path, body = streamed("openai_chat")
        request = running.request(path, {**body, "model": model})
        task = asyncio.create_task(request.run())
        await request.wait_for(b"lo")
        request.leave()
        await task

    asyncio.run(leave())
    usage = running.records[0].usage
    assert usage.estimated
    assert (usage.output_tokens, (usage.input_tokens or 0) > 2) == (2, True)


def test_a_client_that_leaves_is_charged_for_what_came() -> None:
    text = f"{TWO}\ncost_control: {{max_budget: 5}}"
    running = Running(text, replies(*HELLO, HANG))

    async def leave() -> None:
        request = running.request(*streamed("openai_chat"))
        task = asyncio.create_task(request.run())
        await request.wait_for(b"lo")
        request.leave()
        await task

    asyncio.run(leave())
    assert running.records[0].cost_usd is not None
    assert running.records[0].cost_usd > 0
    usage = running.records[0].usage
    assert usage.estimated
    assert (usage.input_tokens or 0) > 5
    assert (usage.output_tokens or 0) >= 1
    access = running.application.service.access
    assert isinstance(access, KeyAccess)
    spent = access.budgets.spending((OPEN,))[""]
    assert spent.spent_usd == running.records[0].cost_usd


FAULTS: dict[str, tuple[Step, ...]] = {
    "reset": (*HELLO, RESET),
    "early end": HELLO,
    "cut in a frame": (*HELLO, b'data: {"choices":[{"in'),
    "error event": (*HELLO, b'data: {"error":{"message":"boom","type":"server_error","code":null}}\n\n'),
    "error event, then an end": (b"".join(HELLO) + b'data: {"error":{"message":"boom"}}\n\n' + b"".join(STREAM[3:]),),
    "malformed frame": (*HELLO, b"data: {broken\n\n", *STREAM[3:]),
    "malformed frame among others": (b"".join([*HELLO, b"data: {broken\n\n", *STREAM[3:]]),),
    "HTML in the stream": (*HELLO, b"<html>502</html>\n\n"),
    "another dialect": (*HELLO, b'event: message_stop\ndata: {"type":"message_stop"}\n\n'),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_upstream_is_never_a_success(dialect: str, fault: str) -> None:
    running = Running(TWO, replies(*FAULTS[fault]))
    answer = asyncio.run(running.post(*streamed(dialect)))
    assert (answer.status, answer.complete) == (200, True)
    assert ERRORS_OF[dialect] in answer.chunks[-1]
    assert ENDS[dialect] not in answer.body
    assert running.records[0].error != ""
    assert running.upstream.open == 0


BEFORE: dict[str, Reply | LLMError] = {
    "reset": RESET,
    "HTML": Reply((b"<html>oops</html>",), (("content-type", "text/html"),), 502),
    "HTML with 200": Reply((b"<html>oops</html>",), (("content-type", "text/html"),)),
    "empty": Reply((), SSE),
    "JSON error": Reply((b'{"error":{"message":"no"}}',), JSON, 500),
    "error event first": Reply((b'data: {"error":{"message":"boom","type":"server_error"}}\n\n',)),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", BEFORE)
def test_a_fault_before_the_first_byte_has_its_status(dialect: str, fault: str) -> None:
    running = Running(TWO, lambda request: BEFORE[fault])
    answer = asyncio.run(running.post(*streamed(dialect)))
    assert answer.status >= 500
    assert b"error" in answer.body
    buffered = asyncio.run(running.post(*BODIES[dialect]))
    assert buffered.status >= 500


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_cut_at_any_byte_is_an_error(dialect: str) -> None:
    data = b"".join(STREAM)
    finish = data.index(b'"finish_reason":"stop"')
    for length in range(0, finish, 61):
        running = Running(TWO, replies(data[:length]))
        answer = asyncio.run(running.post(*streamed(dialect)))
        assert answer.status >= 500 or ERRORS_OF[dialect] in answer.chunks[-1]
        assert ENDS[dialect] not in answer.body


def test_a_stream_in_single_bytes_is_the_same_stream() -> None:
    data = b"".join(STREAM)
    for dialect in DIALECTS:
        at_once = asyncio.run(Running(TWO, replies(data)).post(*streamed(dialect)))
        pieces = [data[index : index + 1] for index in range(len(data))]
        single = asyncio.run(Running(TWO, replies(*pieces)).post(*streamed(dialect)))
        assert _texts(dialect, single.body) == _texts(dialect, at_once.body) == "Hello"


def _texts(dialect: str, body: bytes) -> str:
    lines = body.splitlines() if dialect == "ollama_native" else body.split(b"data: ")[1:]
    texts: list[str] = []
    for line in lines:
        text = line.split(b"\r\n\r\n")[0].split(b"\n\n")[0]
        if not text.startswith(b"{"):
            continue
        value = msgspec.json.decode(text)
        match dialect:
            case "openai_chat":
                texts += [choice["delta"].get("content") or "" for choice in value["choices"]]
            case "openai_responses":
                texts += [value["delta"]] if value["type"] == "response.output_text.delta" else []
            case "anthropic_messages":
                texts += [value["delta"]["text"]] if value["type"] == "content_block_delta" else []
            case "gemini_content":
                for candidate in value.get("candidates", []):
                    texts += [p["text"] for p in candidate.get("content", {}).get("parts", [])]
            case _:
                texts.append(value["message"]["content"])
    return "".join(texts)


def test_a_slow_client_slows_the_upstream() -> None:
    """No more is read from the provider than the client takes."""
    reached: list[int] = []

    def script(request: HttpRequest) -> Reply:
        return Reply(tuple([openai_chunk({"content": f"w{number} "}) for number in range(200)]))

    running = Running(TWO, script)

    async def slow() -> None:
        released = asyncio.Event()
        request = running.request(*streamed("openai_chat"), pause=released.wait)
        task = asyncio.create_task(request.run())
        await asyncio.sleep(0.05)
        reached.append(len(b"".join(request.chunks)))
        released.set()
        await task
        reached.append(len(b"".join(request.chunks)))

    asyncio.run(slow())
    assert reached[0] < reached[1] / 20


def test_a_client_that_does_not_read_is_dropped() -> None:
    running = Running(QUICK, replies(*HELLO, HANG))

    async def stuck() -> None:
        request = running.request(*streamed("openai_chat"), pause=asyncio.Event().wait)
        await asyncio.wait_for(request.run(), 2)

    asyncio.run(stuck())
    assert running.upstream.open == 0


def test_hundreds_of_clients_at_once_leave_nothing_open() -> None:
    running = Running(TWO, hello)

    async def crowd() -> int:
        calls = [running.post(*streamed(DIALECTS[number % 5])) for number in range(300)]
        answers = await asyncio.gather(*calls)
        return sum(answer.status == 200 and answer.complete for answer in answers)

    assert asyncio.run(crowd()) == 300
    assert (running.upstream.open, running.application.active) == (0, 0)


def test_a_budget_that_is_used_up_in_mid_stream_ends_no_stream_but_the_next_call() -> None:
    text = f"{TWO}\ncost_control: {{max_budget: 0.0002}}\nprices: {{gpt-5-mini: {{input: 1, output: 10}}}}"
    running = Running(
        text,
        replies(
            *STREAM[:4],
            STREAM[4].replace(b'"completion_tokens":2', b'"completion_tokens":20'),
            DONE,
        ),
    )
    path, body = streamed("openai_chat")
    limited = {**body, "max_completion_tokens": 12}
    first = asyncio.run(running.post(path, limited))
    assert first.status == 200
    assert DONE in first.body
    second = asyncio.run(running.post(path, limited))
    assert second.status == 429
    error = msgspec.json.decode(second.body)["error"]
    assert error["code"] == "insufficient_quota"
    assert second.headers["x-should-retry"] == "false"
    assert "retry-after" not in second.headers
    anthropic = asyncio.run(running.post(*BODIES["anthropic_messages"]))
    assert anthropic.status == 402
    assert len(running.upstream.requests) == 1
