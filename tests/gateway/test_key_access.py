"""Keys, budgets and limits at the gateway itself: refused in the client's dialect, nothing sent beyond the money, all settled."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure import HttpRequest, ResponseHead, Usage
from llm_pure.gateway import CallRecord, Gateway, gateway
from llm_pure.gateway.client_keys import ClientKey, create_key, key_hash
from llm_pure.gateway.key_access import KeyAccess, open_key_access
from llm_pure.gateway.metrics import Metrics
from llm_pure.replay.doubles import answering
from llm_pure.settings.config_file import ConfigFile
from llm_pure.settings.config_parser import parse_config_file
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import LLMResult, Success
from tests.support.asgi import Answer, Request, call

KEYS = {name: create_key(name.ljust(32).encode()).reveal() for name in ("laptop", "ci", "old")}
MODELS = {
    "fast": {"api_type": "openai", "api_key": "sk-upstream", "model": "m", "max_token": 100},
    "smart": {"api_type": "anthropic", "api_key": "sk-upstream", "model": "n", "max_token": 100},
}
PRICES = {"m": {"input": 0, "output": 1000}, "n": {"input": 0, "output": 1000}}
"""A token of output costs 0.001 USD: a call of 100 tokens 0.1."""
USAGE = Usage(10, 100)
BODIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "openai_chat": (
        "/v1/chat/completions",
        {"model": "fast", "messages": [{"role": "user", "content": "hi"}]},
    ),
    "openai_responses": ("/v1/responses", {"model": "fast", "input": "hi"}),
    "anthropic_messages": (
        "/v1/messages",
        {"model": "fast", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]},
    ),
    "gemini_content": (
        "/v1beta/models/fast:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
    "ollama_native": (
        "/api/chat",
        {"model": "fast", "stream": False, "messages": [{"role": "user", "content": "hi"}]},
    ),
}


def configured(keys: Mapping[str, Mapping[str, Any]], **more: Any) -> ConfigFile:
    rows = {name: {"sha256": key_hash(KEYS[name]), **fields} for name, fields in keys.items()}
    serve = {"keys": rows, **more.pop("serve", {})}
    sections = {"models": MODELS, "prices": PRICES, "serve": serve, **more}
    return parse_config_file(sections, {}).unwrap()


def opened(configuration: Any, transport: Any, **more: Any) -> Gateway:
    return gateway(configuration, transport=transport, open_access=open_key_access, **more)


async def ask(
    application: Gateway, key: str | None = "laptop", dialect: str = "openai_chat", **more: Any
) -> Answer:
    path, body = BODIES[dialect]
    headers = {} if key is None else {"authorization": f"Bearer {KEYS.get(key, key)}"}
    return await call(application, "POST", path, json.dumps({**body, **more}).encode(), headers)


def spent(application: Gateway, name: str) -> Decimal:
    access = application.service.access
    assert isinstance(access, KeyAccess)
    return access.budgets.spending(access.keys.keys)[name].spent_usd


@pytest.mark.parametrize("dialect", BODIES)
def test_requests_are_refused_in_the_dialect_of_the_client(dialect: str) -> None:
    double = answering("ok", usage=USAGE)
    keys: dict[str, dict[str, Any]] = {
        "laptop": {"models": ["smart"]},
        "ci": {"rpm_limit": 1},
        "old": {"expires": "2026-01-01"},
    }
    application = opened(configured(keys), double)

    async def run() -> list[tuple[int, str | None]]:
        presented = [None, "sk-wrong", "old", "laptop", "ci", "ci"]
        answers = [await ask(application, key, dialect) for key in presented]
        assert not any(key in answer.body.decode() for answer in answers for key in KEYS.values())
        return [(answer.status, answer.headers.get("x-should-retry")) for answer in answers]

    refused = (401, "false")
    assert asyncio.run(run()) == [refused, refused, refused, (404, None), (200, None), (429, None)]
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEYS['ci']}"},
        {"x-api-key": KEYS["ci"]},
        {"x-goog-api-key": KEYS["ci"]},
        {"api-key": KEYS["ci"]},
        {"authorization": "Bearer sk-ant-other", "x-api-key": KEYS["ci"]},
    ],
    ids=lambda headers: "+".join(headers),
)
def test_key_comes_in_any_header_and_goes_no_further(headers: dict[str, str]) -> None:
    double = answering("ok", usage=USAGE)
    application = opened(configured({"ci": {}}), double)
    path, body = BODIES["openai_chat"]
    answer = asyncio.run(call(application, "POST", path, json.dumps(body).encode(), headers))
    assert answer.status == 200
    sent = double.requests[0]
    assert KEYS["ci"] not in str([*sent.headers, sent.url, sent.body])


@pytest.mark.parametrize("ledger", ["", "gateway.db"])
@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
def test_of_500_requests_at_once_only_those_within_the_budget_are_sent(
    dialect: str, ledger: str, tmp_path: Path
) -> None:
    double = answering("ok", usage=USAGE)
    serve = {"ledger": str(tmp_path / ledger)} if ledger else {}
    keys = {"laptop": {"max_budget": 1, "budget_duration": "1mo"}}
    configuration = configured(keys, serve=serve)
    application = opened(configuration, double)

    async def run() -> list[int]:
        answers = await asyncio.gather(*[ask(application, "laptop", dialect) for _ in range(500)])
        return [answer.status for answer in answers]

    statuses = asyncio.run(run())
    refused = 429 if dialect == "openai_chat" else 402
    assert (statuses.count(200), statuses.count(refused)) == (10, 490)
    assert len(double.requests) == 10
    assert spent(application, "key:laptop") == 1
    if ledger:  # another start of the gateway
        again = opened(configuration, double)
        assert spent(again, "key:laptop") == 1
        assert asyncio.run(ask(again, "laptop", dialect)).status == refused


def test_budget_of_all_keys_ends_for_every_key() -> None:
    double = answering("ok", usage=USAGE)
    more = {"cost_control": {"max_budget": 0.3}, "serve": {"budget_duration": "1d"}}
    application = opened(configured({"laptop": {"max_budget": 5}, "ci": {}}, **more), double)

    async def run() -> list[int]:
        return [(await ask(application, key)).status for key in ("laptop", "ci", "laptop", "ci")]

    assert asyncio.run(run()) == [200, 200, 200, 429]
    assert (spent(application, ""), spent(application, "key:laptop")) == (
        Decimal("0.3"),
        Decimal("0.2"),
    )


def test_model_without_a_price_needs_the_permission_of_the_key() -> None:
    double = answering("ok", usage=USAGE)
    keys: dict[str, dict[str, Any]] = {
        "laptop": {"max_budget": 5},
        "ci": {"max_budget": 5, "allow_unknown_prices": True},
        "old": {},
    }
    application = opened(configured(keys, prices={}), double)

    async def run() -> list[int]:
        return [(await ask(application, key)).status for key in ("laptop", "ci", "old")]

    statuses = asyncio.run(run())
    assert (statuses[0] >= 400, statuses[1:]) == (True, [200, 200])
    assert len(double.requests) == 2


def test_reload_keeps_what_is_spent_and_what_is_counted() -> None:
    double = answering("ok", usage=USAGE)
    configurations = [
        configured({"laptop": {"max_budget": 0.2}, "ci": {"requests_per_minute": 2}}),
        configured({"laptop": {"max_budget": 0.3}, "ci": {"requests_per_minute": 2}}),
        configured({"laptop": {"max_budget": "much"}}),
    ]
    current = [0]

    def load() -> LLMResult[ConfigFile]:
        return Success(configurations[current[0]])

    application = opened(load, double)

    async def run() -> list[int]:
        statuses = [
            (await ask(application, key)).status for key in ("laptop", "laptop", "ci", "ci")
        ]
        current[0] = 1
        assert application.reload() == Success(None)
        statuses += [(await ask(application, key)).status for key in ("laptop", "laptop", "ci")]
        current[0] = 2
        error = application.reload().failure()
        assert isinstance(error, InvalidConfiguration)
        assert error.field == "serve/keys/laptop/max_budget"
        return [*statuses, (await ask(application, "ci")).status]

    assert asyncio.run(run()) == [200, 200, 200, 200, 200, 429, 429, 429]


def test_key_for_a_model_that_is_not_configured_is_an_error_at_the_start() -> None:
    error = open_key_access(configured({"ci": {"models": ["fats"]}})).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "serve/keys/ci/models"
    bad_period = configured({}, serve={"budget_duration": "daily"})
    assert open_key_access(bad_period).failure().kind == "configuration"


class HangingStream:
    """A provider that streams some text and then nothing more, until it is cancelled."""

    def __init__(self, chunks: int) -> None:
        self.cancelled = 0
        self._chunks = chunks

    async def asend(self, request: HttpRequest, timeouts: Any) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass

    @asynccontextmanager
    async def astream(
        self, request: HttpRequest, timeouts: Any
    ) -> AsyncIterator[LLMResult["HangingStream"]]:
        self.head = ResponseHead(200, (("content-type", "text/event-stream"),))
        try:
            yield Success(self)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def __aiter__(self) -> AsyncIterator[LLMResult[bytes]]:
        for _ in range(self._chunks):
            choice = {"index": 0, "delta": {"content": "word "}, "finish_reason": None}
            body = {"id": "1", "model": "m", "choices": [choice]}
            yield Success(b"data: " + msgspec.json.encode(body) + b"\n\n")
        await asyncio.Event().wait()


@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
@pytest.mark.parametrize("words", [0, 50])
def test_client_that_leaves_pays_for_what_it_received(dialect: str, words: int) -> None:
    upstream = HangingStream(words)
    records: list[CallRecord] = []
    keys = {"laptop": {"max_budget": 5, "max_parallel_requests": 1}}
    application = opened(configured(keys), upstream, observers=[records.append])
    path, body = BODIES[dialect]
    headers = {"authorization": f"Bearer {KEYS['laptop']}"}

    async def run() -> None:
        data = json.dumps({**body, "stream": True}).encode()
        request = Request(application, "POST", path, data, headers)
        task = asyncio.create_task(request.run())
        if words:
            await asyncio.wait_for(request.wait_for(b"word"), 5)
        await asyncio.sleep(0.05)
        assert (await ask(application)).status == 429  # one at a time
        request.leave()
        await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 5)

    asyncio.run(run())
    left = next(record for record in records if record.error == "client_gone")
    access = application.service.access
    assert isinstance(access, KeyAccess)
    assert access.limits.in_flight("laptop") == 0
    store = access.budgets.store_for(ClientKey(name="laptop", max_budget=Decimal(5)))
    assert store.reserve(Decimal(5) - spent(application, "key:laptop")).value_or(None) is not None
    if words:
        cost = spent(application, "key:laptop")
        assert Decimal("0.05") <= cost <= Decimal("0.1")
        assert left.cost_usd == cost
    else:
        assert spent(application, "key:laptop") == 0


def test_metrics_need_a_key_that_may_read_them_and_count_refusals_too() -> None:
    metrics = Metrics()
    application = opened(
        configured({"ci": {}, "old": {"metrics": True}}),
        answering("ok", usage=USAGE),
        observers=[metrics.observe],
        metrics=metrics.render,
    )

    async def run() -> tuple[list[int], str]:
        await ask(application, "ci")
        await ask(application, "sk-wrong")
        refused = [await call(application, "GET", "/metrics")]
        headers = [{"authorization": f"Bearer {KEYS[name]}"} for name in ("ci", "old")]
        refused.append(await call(application, "GET", "/metrics", b"", headers[0]))
        answer = await call(application, "GET", "/metrics", b"", headers[1])
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return [answer.status for answer in refused], answer.body.decode()

    statuses, text = asyncio.run(run())
    assert statuses == [401, 403]
    chat = 'dialect="openai_chat",operation="chat"'
    assert f'llm_pure_requests_total{{key="ci",model="fast",{chat},status="200"}} 1' in text
    assert f'llm_pure_requests_total{{key="",model="",{chat},status="401"}} 1' in text
    assert 'llm_pure_cost_usd_total{key="ci",model="fast"} 0.1' in text
