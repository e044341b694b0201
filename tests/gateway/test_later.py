"""What a gateway does when its answers are sent: prices, records and the log, of many requests together."""

import asyncio
import logging
from decimal import Decimal

import pytest

from llm_pure.gateway.later import MAX_WAITING, Later
from llm_pure.types.http import HttpRequest
from tests.support.gateways import BODIES, HELLO, TWO, Reply, Running, hello, openai_chunk

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


PRICED = TWO + "prices: {gpt-5-mini: {input: 1, output: 2}}\n"
COST = Decimal(9 + 2 * 2) / 1_000_000


def slow(request: HttpRequest) -> Reply:
    """The model named by the word "wait" takes half a second."""
    reply = hello(request)
    return Reply(reply.steps, reply.headers, head_delay_s=0.5 if b"wait" in request.body else 0.0)


async def test_a_request_alone_is_reported_with_its_cost_when_it_is_answered() -> None:
    running = Running(PRICED, hello)
    await running.post(*BODIES["openai_chat"])
    (record,) = running.records
    assert (record.status, record.cost_usd, record.usage.output_tokens) == (200, COST, 2)


async def test_a_request_beside_a_long_one_is_reported_after_a_moment() -> None:
    running = Running(PRICED, slow)
    path, body = BODIES["openai_chat"]
    waits = {**body, "messages": [{"role": "user", "content": "wait"}]}
    long = asyncio.create_task(running.post(path, waits))
    await asyncio.sleep(0)
    await running.post(path, body)
    assert running.records == []
    await asyncio.sleep(0.15)
    assert [record.cost_usd for record in running.records] == [COST]
    await long
    assert [record.cost_usd for record in running.records] == [COST, COST]


async def test_a_budget_is_charged_before_the_answer_goes_out() -> None:
    spent: list[Decimal] = []
    running = Running(PRICED + "cost_control: {max_budget: 5}\n", hello)
    path, body = BODIES["openai_chat"]
    request = running.request(path, {**body, "max_completion_tokens": 10})
    accounts = running.application.service.access.budgets  # type: ignore[attr-defined]

    async def note() -> None:
        from llm_pure.gateway.client_keys import OPEN

        spent.append(accounts.spending((OPEN,))[""].spent_usd)

    request._pause = note
    await request.run()
    assert spent == [COST, COST]


async def test_the_header_with_the_cost_goes_out_with_the_answer() -> None:
    running = Running(PRICED + "serve: {headers: true}\n", hello)
    answer = await running.post(*BODIES["openai_chat"])
    assert answer.headers["x-llm-pure-cost"] == f"{COST:f}"


async def test_the_metrics_have_what_was_just_answered() -> None:
    gateways: list[Running] = []
    running = Running(PRICED, slow, metrics=lambda: b"%d" % len(gateways[0].records))
    gateways.append(running)
    path, body = BODIES["openai_chat"]
    waits = {**body, "messages": [{"role": "user", "content": "wait"}]}
    long = asyncio.create_task(running.post(path, waits))
    await asyncio.sleep(0)
    await running.post(path, body)
    assert (await running.get("/metrics")).body == b"1"
    await long


async def test_the_first_byte_is_the_providers_also_after_a_keep_alive() -> None:
    text = TWO + "serve: {keep_alive_s: 0.05}\n"
    running = Running(text, lambda request: Reply((0.4, *hello(request).steps)))
    path, body = BODIES["anthropic_messages"]
    answer = await running.post(path, {**body, "stream": True})
    assert b"event: ping" in answer.body
    (record,) = running.records
    assert record.first_byte_s is not None
    assert record.first_byte_s > 0.35


async def test_a_client_that_leaves_is_reported_too() -> None:
    running = Running(PRICED, lambda request: Reply((*HELLO, "hang")))
    path, body = BODIES["openai_chat"]
    request = running.request(path, {**body, "stream": True})
    task = asyncio.create_task(request.run())
    await request.wait_for(b"lo")
    request.leave()
    await task
    assert [record.error for record in running.records] == ["client_gone"]


async def test_a_client_that_leaves_while_a_keep_alive_is_on_its_way_is_noticed() -> None:
    chunk = openai_chunk({"role": "assistant", "content": "Hi"})
    running = Running(
        PRICED + "serve: {keep_alive_s: 0.05}\n", lambda request: Reply((0.2, chunk, "hang"))
    )
    path, body = BODIES["openai_chat"]
    reads = asyncio.Event()
    request = running.request(path, {**body, "stream": True}, pause=reads.wait)
    task = asyncio.create_task(request.run())
    await asyncio.sleep(
        0.4
    )  # the first chunk waits for the keep-alive, which the client does not read
    request.leave()
    await asyncio.sleep(0.05)
    reads.set()
    done, _ = await asyncio.wait([task], timeout=1)
    assert done == {task}
    assert (running.upstream.open, running.upstream.cancelled) == (0, 1)
    assert [record.error for record in running.records] == ["client_gone"]


async def test_work_is_done_in_order_and_a_fault_stops_none_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[int] = []
    later = Later()
    later.add(lambda: done.append(1))
    later.add(lambda: 1 // 0)
    later.add(lambda: done.append(2))
    with caplog.at_level(logging.ERROR, "llm_pure.gateway"):
        later.end_request(0)
    assert done == [1, 2]
    assert [record.message for record in caplog.records] == [
        "a request could not be settled or reported"
    ]


async def test_many_are_not_kept_waiting() -> None:
    done: list[int] = []
    later = Later()
    for number in range(MAX_WAITING):
        later.add(lambda number=number: done.append(number))  # type: ignore[misc]
        later.end_request(1)
    assert done == list(range(MAX_WAITING))
