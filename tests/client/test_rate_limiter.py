"""The client's own limit of requests and tokens a minute."""

from decimal import Decimal
from functools import partial
from time import monotonic
from typing import Any

import anyio

from llm_pure import Completion
from llm_pure.client import LLM
from llm_pure.client.budgets import InMemoryBudget
from llm_pure.client.rate_limiter import RateLimiter
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.completion import Usage
from llm_pure.types.errors import RateLimited
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import every_loop, run
from tests.support.tiny_provider import JSON, REGISTRY, config, whole
from tests.support.twins import called, every_kind, scripted_llm

HELLO = ScriptedResponse(headers=JSON, chunks=(whole("Hello"),))


def client(limit: RateLimit, **named: Any) -> tuple[LLM, ScriptedTransport]:
    return scripted_llm(config(), [HELLO] * 9, registry=REGISTRY, limit=limit, **named)


@every_kind
def test_a_call_whose_turn_comes_too_late_is_rate_limited_and_not_sent(kind: str) -> None:
    llm, transport = client(RateLimit(requests_per_minute=2), retry=NO_RETRY)
    got = [called(kind, llm, "ask", "Hi", stream=False, timeout_s=5) for _ in range(3)]
    assert got[:2] == [Success("Hello"), Success("Hello")]
    error = got[2].failure()
    assert isinstance(error, RateLimited)
    assert (error.provider, error.code) == ("tiny", "client_limit")
    assert 50 < (error.retry_after_s or 0) <= 60
    assert len(transport.requests) == 2


@every_kind
def test_a_call_whose_turn_comes_soon_waits_for_it(kind: str) -> None:
    llm, _ = client(RateLimit(requests_per_minute=1))
    limiter = llm._context.limiters[0]
    entry = limiter.acquire(b"", 1).unwrap().entry
    entry.at_s = monotonic() - 59.9
    limiter._minute._last_s = entry.at_s
    began = monotonic()
    assert called(kind, llm, "ask", "Hi", stream=False) == Success("Hello")
    assert 0.05 < monotonic() - began < 5


@every_loop
def test_calls_that_are_cancelled_while_they_wait_give_their_turns_back(loop: str) -> None:
    """Clients that give up and try again would wait longer each time."""
    llm, transport = client(RateLimit(requests_per_minute=1))

    async def main() -> None:
        assert await llm.aask("Hi", stream=False) == Success("Hello")
        for stream in (False, True):
            with anyio.move_on_after(0.02) as scope:
                async with anyio.create_task_group() as tasks:
                    for _ in range(3):
                        tasks.start_soon(partial(llm.aask, "Hi", stream=stream))
            assert scope.cancelled_caught

    run(loop, main)
    assert len(transport.requests) == 1
    assert 50 < llm._context.limiters[0].acquire(b"", 100).unwrap().wait_s <= 60


def test_the_providers_count_takes_the_place_of_the_estimate() -> None:
    limiter = RateLimiter(RateLimit(tokens_per_minute=100))
    first = limiter.acquire(b"x" * 400, 1).unwrap()
    assert isinstance(limiter.acquire(b"x" * 40, 1), Failure)
    limiter.adjust(first, Completion(provider="p", usage=Usage(input_tokens=10, output_tokens=5)))
    assert limiter.acquire(b"x" * 40, 1).unwrap().wait_s == 0


@every_kind
def test_a_call_over_budget_returns_its_permit(kind: str) -> None:
    llm, transport = client(RateLimit(requests_per_minute=1), retry=NO_RETRY, budget=0)
    for _ in range(2):
        error = called(kind, llm, "ask", "Hi", stream=False, timeout_s=5).failure()
        assert not isinstance(error, RateLimited)
    assert llm._context.limiters[0].acquire(b"", 0).unwrap().wait_s == 0
    assert transport.requests == []


def test_a_call_over_the_rate_limit_reserves_no_cost() -> None:
    store = Recording()
    llm, _ = client(RateLimit(requests_per_minute=1), retry=NO_RETRY, budget=store)
    llm._context.limiters[0].acquire(b"", 1).unwrap()
    assert isinstance(llm.ask("Hi", stream=False, timeout_s=5).failure(), RateLimited)
    assert store.reserved == 0


class Recording(InMemoryBudget):
    reserved = 0

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        self.reserved += 1
        return super().reserve(usd)
