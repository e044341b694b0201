"""The client and money: refused before anything is sent, settled by the real usage, released when it failed."""

import threading
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig, Usage, user
from llm_pure.client import LLM, background
from llm_pure.client.billing import Billing
from llm_pure.client.budgets import Budget, InMemoryBudget, PerCallLimit
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.pricing.ledger import Ledger
from llm_pure.settings.config_file import CompressSettings
from llm_pure.transports.scripted import ResponseScript, ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import BudgetExceeded, StreamInterrupted, UnknownPrice
from llm_pure.types.result import Failure
from tests.support.carriers import every_loop, run
from tests.support.twins import called, every_kind, scripted_llm, streamed

CONFIG = LLMConfig(api_key="k", model="gpt-4o", max_token=100, stream=False)
PRICES = {"gpt-4o": {"input": 10, "output": 100}}
"""A token of input costs 0.00001 USD, one of output 0.0001."""
JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)


def answer(usage: dict[str, Any] | None, text: str = "ok") -> ScriptedResponse:
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    body = {"id": "1", "model": "gpt-4o-2024-08-06", "choices": [choice], "usage": usage}
    return ScriptedResponse(headers=JSON, chunks=(msgspec.json.encode(body),))


def chunk(text: str, **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text}}
    return b"data: " + msgspec.json.encode({"id": "1", "choices": [choice], **more}) + b"\n\n"


USED = {"prompt_tokens": 10, "completion_tokens": 20}


def client(script: ResponseScript, **more: Any) -> tuple[LLM, ScriptedTransport]:
    given = {"retry": NO_RETRY, "prices": PRICES, **more}
    return scripted_llm(given.pop("config", CONFIG), script, **given)


@every_kind
def test_a_call_is_settled_by_its_real_usage(kind: str) -> None:
    llm, _ = client([answer(USED)], budget=1)
    assert called(kind, llm, "completion", "hi").unwrap().usage.output_tokens == 20
    ledger = llm.get_costs()
    assert ledger.totals.cost_usd == Decimal("0.0021")
    assert (ledger.reserved, list(ledger.by_model)) == ({}, ["openai:gpt-4o-2024-08-06"])
    assert ledger.totals.duration_s > 0


@every_kind
def test_what_may_not_fit_is_refused_and_nothing_is_sent(kind: str) -> None:
    llm, transport = client([answer(USED)], budget="0.009")  # 100 tokens of output are 0.01
    assert isinstance(called(kind, llm, "completion", "hi").failure(), BudgetExceeded)
    events, result = streamed(kind, llm, "hi")
    assert (events, type(result.failure())) == ([], BudgetExceeded)
    assert transport.requests == []
    assert llm.get_costs() == Ledger(max_usd=Decimal("0.009"))


def test_a_budget_without_a_price_refuses_too() -> None:
    nameless = LLMConfig(api_key="k", model="nobody-knows-it", stream=False)
    llm, transport = client([answer(USED)], config=nameless, budget=1)
    assert isinstance(llm.completion("hi").failure(), UnknownPrice)
    assert transport.requests == []


def test_without_a_budget_an_unknown_price_is_an_unpriced_call() -> None:
    nameless = LLMConfig(
        api_key="k", api_type="open_llm", base_url="http://127.0.0.1:1/v1", model="x"
    )
    llm, _ = client([answer(USED)], config=nameless, prices=None)
    llm.completion("hi").unwrap()
    totals = llm.get_costs().totals
    assert (totals.calls, totals.unpriced_calls, totals.output_tokens) == (1, 1, 20)
    assert totals.cost_usd == 0


@every_kind
def test_a_failed_call_is_released(kind: str) -> None:
    llm, _ = client([ScriptedResponse(status=500, chunks=(b"{}",))], budget=1)
    assert isinstance(called(kind, llm, "completion", "hi"), Failure)
    assert llm.get_costs() == Ledger(max_usd=Decimal(1))


def test_each_attempt_is_held_by_itself() -> None:
    llm, transport = client(
        [ScriptedResponse(status=503, chunks=(b"{}",)), answer(USED)],
        budget="0.015",
        retry=RetryPolicy(initial_backoff_s=0.001),
    )
    assert llm.completion("hi").unwrap().text == "ok"
    assert (len(transport.requests), llm.get_costs().totals.calls) == (2, 1)


@every_kind
def test_a_cut_stream_is_charged_for_what_came_and_marked_estimated(kind: str) -> None:
    llm, _ = client([ScriptedResponse(headers=SSE, chunks=(chunk("one two three"),))], budget=1)
    _, result = streamed(kind, llm, "hi")
    assert isinstance(result.failure(), StreamInterrupted)
    totals = llm.get_costs().totals
    assert (totals.calls, totals.estimated_calls) == (1, 1)
    assert totals.cost_usd == Decimal("0.00001") * 8 + Decimal("0.0001") * 3
    assert llm.get_costs().reserved == {}


@every_kind
def test_a_stream_that_is_left_early_is_charged_too(kind: str) -> None:
    pieces = tuple([chunk(f"word{number} ") for number in range(50)])
    llm, _ = client([ScriptedResponse(headers=SSE, chunks=pieces)], budget=1)
    streamed(kind, llm, "hi", most=5)
    totals = llm.get_costs().totals
    assert (totals.calls, totals.estimated_calls, llm.get_costs().reserved) == (1, 1, {})
    assert 0 < totals.output_tokens < 60


@every_kind
def test_usage_that_is_not_reported_is_counted_here(kind: str) -> None:
    llm, _ = client([answer(None, "one two three")])
    got = called(kind, llm, "completion", ChatRequest(messages=(user("hi"),))).unwrap()
    assert got.usage == Usage(8, 3, estimated=True)
    assert llm.get_costs().totals.estimated_calls == 1


@every_loop
@pytest.mark.parametrize("budget", [1, None], ids=["a maximum cost", "usage that is not reported"])
def test_what_counting_needs_is_loaded_once_and_in_another_thread(
    loop: str, budget: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a third of a second, in which no other task of the event loop would run."""
    threads: list[threading.Thread] = []

    def load(model: str, plan: str | None = None) -> Any:
        threads.append(threading.current_thread())
        return load_token_counter(model, plan)

    monkeypatch.setattr("llm_pure.client.tokenizers.load_token_counter", load)
    model = f"gpt-4o-{loop}-{budget}"  # that no other test has loaded
    config = msgspec.structs.replace(CONFIG, model=model)
    answers = [answer(USED if budget else None)] * 5
    llm, _ = client(answers, config=config, budget=budget, prices={model: PRICES["gpt-4o"]})

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(llm.acompletion, "hi")

    run(loop, main)
    assert llm.get_costs().totals.calls == 5
    own = threading.current_thread()
    assert [thread is own for thread in threads] == [False, *[True] * 5]


@every_loop
def test_a_call_that_is_cancelled_while_its_tokens_are_to_be_counted_is_charged(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load(model: str, plan: str | None = None) -> Any:
        loading.set()
        assert threading.current_thread() is own or go_on.wait(20)
        return load_token_counter(model, plan)

    own = threading.current_thread()
    monkeypatch.setattr("llm_pure.client.tokenizers.load_token_counter", load)
    model = f"gpt-4o-cancelled-{loop}"
    config = msgspec.structs.replace(CONFIG, model=model)
    llm, _ = client([answer(None)], config=config, prices={model: PRICES["gpt-4o"]})

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(llm.acompletion, "hi")
            while not loading.is_set():
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()

    run(loop, main)
    go_on.set()
    assert (llm.get_costs().totals.calls, llm.get_costs().totals.output_tokens) == (1, 1)


def test_usage_that_is_not_reported_stays_unknown_when_asked_so() -> None:
    silent = msgspec.structs.replace(CONFIG, calc_usage=False)
    llm, _ = client([answer(None)], config=silent)
    assert llm.completion("hi").unwrap().usage == Usage()
    assert llm.get_costs().totals.unpriced_calls == 1


def test_an_alert_is_told_once() -> None:
    told: list[Ledger] = []
    budget = Budget(max_usd=Decimal("0.02"), alert_threshold=0.1, on_alert=told.append)
    llm, _ = client([answer(USED), answer(USED)], budget=budget)
    llm.completion("hi")
    llm.completion("hi")
    assert [ledger.totals.calls for ledger in told] == [1]


def test_clients_may_share_an_account_and_a_call_may_have_a_limit_of_its_own() -> None:
    account = InMemoryBudget(Budget(max_usd=Decimal("0.015")))
    one, _ = client([answer(USED)], budget=account)
    other, _ = client([answer(USED)], budget=account)
    assert one.completion("hi").unwrap().text == "ok"
    assert other.completion("hi").unwrap().text == "ok"
    assert one.get_costs() == other.get_costs()
    capped, transport = client([answer(USED)], budget=PerCallLimit(account, Decimal("0.001")))
    assert isinstance(capped.completion("hi").failure(), BudgetExceeded)
    assert transport.requests == []


def test_prices_that_cannot_be_read_are_told_when_a_budget_needs_them() -> None:
    llm, transport = client([answer(USED)], budget=1, prices={"m": {"imput": 1}})
    assert "imput" in llm.completion("hi").failure().message
    assert transport.requests == []


@every_kind
def test_tokens_are_counted_here_when_asked(kind: str) -> None:
    llm, transport = client([])
    count = called(kind, llm, "count_tokens", "hi", local=True).unwrap()
    assert (count.input_tokens, count.method, count.encoding) == (8, "overhead rule", "o200k_base")
    assert transport.requests == []


@every_kind
def test_ask_cuts_a_conversation_that_is_too_long(kind: str) -> None:
    cut = CompressSettings(type="post_cut_by_msg", threshold=0.5, max_token=60)
    llm, transport = client([answer(USED)], compress=cut)
    before = [f"message number {number}" for number in range(20)]
    assert called(kind, llm, "ask", "the last one", format_msgs=before).unwrap() == "ok"
    sent = msgspec.json.decode(transport.requests[0].body)["messages"]
    assert [message["content"] for message in sent] == [
        "You are a helpful assistant.",
        "message number 19",
        "the last one",
    ]


def test_a_configuration_may_say_how_to_cut() -> None:
    cutting = msgspec.structs.replace(CONFIG, compress_type="pre_cut_by_msg", context_length=40)
    llm, transport = client([answer(USED)], config=cutting)
    llm.ask("the last one", format_msgs=["first", "word " * 50])
    sent = msgspec.json.decode(transport.requests[0].body)["messages"]
    assert [message["content"] for message in sent][1:] == ["first"]


@pytest.mark.parametrize("budget", [1, 1.0, "1", Decimal(1), Budget(max_usd=Decimal(1))], ids=repr)
def test_a_budget_is_written_as_one_likes(budget: Any) -> None:
    llm, _ = client([], budget=budget)
    assert llm.get_costs().max_usd == 1


@pytest.mark.parametrize("place", ["_price", "_settle"])
def test_an_interrupt_while_a_call_is_settled_leaves_no_reservation(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = getattr(Billing, place)
    calls: list[str] = []

    def interrupted(self: Billing, *arguments: Any) -> Any:
        calls.append(place)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return method(self, *arguments)

    monkeypatch.setattr(Billing, place, interrupted)
    llm, _ = client([answer(USED)], budget=1)
    with pytest.raises(KeyboardInterrupt):
        llm.completion("hi")
    ledger = llm.get_costs()
    assert (dict(ledger.reserved), ledger.totals.cost_usd) == ({}, Decimal("0.0021"))


def test_models_that_callers_name_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_MAX_MODELS", 2)
    names = [f"gpt-4o-{number}" for number in range(5)]
    prices = dict.fromkeys(names, PRICES["gpt-4o"])
    llm, _ = client([answer(USED)] * 5, config=CONFIG, budget=1, prices=prices)
    for name in names:
        assert (
            llm.completion(ChatRequest(messages="hi", model=name, max_tokens=10)).map(bool).unwrap()
        )
    assert len(background._loads._futures) <= 2
