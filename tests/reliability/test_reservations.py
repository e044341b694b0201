"""What a budget reserves before a call is at least what the request that is sent permits the provider to bill."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from llm_pure import LLM, ChatRequest, LLMConfig, user
from llm_pure.gateway import gateway
from llm_pure.gateway.key_budgets import InMemoryAccounts
from llm_pure.pricing.accounts import Account
from llm_pure.replay.doubles import answering
from llm_pure.tokens import sent_output_tokens
from llm_pure.types.messages import Document
from llm_pure.types.result import LLMResult
from tests.gateway.test_key_access import BODIES, KEYS, USAGE, configured
from tests.support.asgi import call


@pytest.fixture
def reserved(monkeypatch: pytest.MonkeyPatch) -> list[Decimal]:
    amounts: list[Decimal] = []
    reserve = InMemoryAccounts.reserve

    def note(self: InMemoryAccounts, usd: Decimal, accounts: Sequence[Account]) -> LLMResult[str]:
        amounts.append(usd)
        return reserve(self, usd, accounts)

    monkeypatch.setattr(InMemoryAccounts, "reserve", note)
    return amounts


@pytest.mark.parametrize(
    ("dialect", "model", "fields", "usd"),
    [  # a token of output costs 0.001 USD
        ("openai_chat", "fast", {"max_tokens": 5, "n": 4}, "0.02"),
        ("openai_chat", "fast", {"max_tokens": 5, "best_of": 20}, "0.1"),
        ("openai_chat", "fast", {"max_tokens": 1, "max_output_tokens": 500}, "0.5"),
        ("openai_chat", "smart", {"max_tokens": 50, "reasoning_effort": "high"}, "16.434"),
        ("gemini_content", "fast", {"generationConfig": {"maxOutputTokens": 5, "candidateCount": 8}}, "0.04"),
    ],
)  # fmt: skip
def test_what_is_sent_decides_what_is_reserved(
    dialect: str, model: str, fields: dict[str, Any], usd: str, reserved: list[Decimal]
) -> None:
    double = answering("ok", usage=USAGE)
    path, body = BODIES[dialect]
    sent = json.dumps({**body, "model": model, **fields} if "model" in body else {**body, **fields})
    headers = {"authorization": f"Bearer {KEYS['laptop']}"}
    application = gateway(configured({"laptop": {"max_budget": 100}}), transport=double)
    answer = asyncio.run(call(application, "POST", path, sent.encode(), headers))
    assert answer.status == 200
    assert reserved == [Decimal(usd)]
    (request,) = double.requests
    assert Decimal(sent_output_tokens(request.body) or 100) * Decimal("0.001") <= Decimal(usd)


@pytest.mark.parametrize(
    ("dialect", "model", "fields", "param"),
    [
        ("openai_chat", "fast", {"n": -3}, "n"),
        ("openai_chat", "fast", {"n": 0}, "n"),
        ("anthropic_messages", "smart", {"max_tokens": 1, "thinking": {"type": "enabled", "budget_tokens": -(10**9)}}, "budget_tokens"),
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_reserves_nothing(
    dialect: str, model: str, fields: dict[str, Any], param: str, reserved: list[Decimal]
) -> None:
    double = answering("ok", usage=USAGE)
    path, body = BODIES[dialect]
    headers = {"authorization": f"Bearer {KEYS['laptop']}"}
    application = gateway(configured({"laptop": {"max_budget": 100}}), transport=double)
    sent = json.dumps({**body, "model": model, **fields}).encode()
    answer = asyncio.run(call(application, "POST", path, sent, headers))
    assert (answer.status, param in answer.body.decode()) == (400, True)
    assert (reserved, double.requests) == ([], [])


@pytest.mark.parametrize(
    ("dialect", "limit"),
    [(name, limit) for name in BODIES for limit in (0, -(10**9)) if limit == 0 or "ollama" not in name],
)  # fmt: skip
def test_a_limit_that_is_none_reserves_nothing_negative(
    dialect: str, limit: int, reserved: list[Decimal]
) -> None:
    """It would let every other call pass while this one runs. To Ollama a negative one means none, as the configuration has it."""
    double = answering("ok", usage=USAGE)
    path, body = BODIES[dialect]
    limits: dict[str, Any] = {
        "openai_responses": {"max_output_tokens": limit},
        "gemini_content": {"generationConfig": {"maxOutputTokens": limit}},
        "ollama_native": {"options": {"num_predict": limit}},
    }
    headers = {"authorization": f"Bearer {KEYS['laptop']}"}
    application = gateway(configured({"laptop": {"max_budget": 100}}), transport=double)
    sent = json.dumps({**body, **limits.get(dialect, {"max_tokens": limit})}).encode()
    answer = asyncio.run(call(application, "POST", path, sent, headers))
    assert (answer.status, "max_tokens" in answer.body.decode()) == (400, True)
    assert (reserved, double.requests) == ([], [])


def test_a_limit_in_extra_is_reserved() -> None:
    config = LLMConfig(api_type="openai", model="m", api_key="k", max_token=1)
    with LLM(config, transport=answering("ok"), budget=1, prices={"m": {"input": 0, "output": 1000}}) as llm:  # fmt: skip
        request = ChatRequest(messages=(user("hi"),), extra={"max_completion_tokens": 5000})
        error = llm.completion(request).failure()
    assert error.kind == "budget_exceeded"
    assert "5.000 USD" in error.message


STORED = LLMConfig(
    api_type="openai_responses", model="m", api_key="k", max_token=1, context_length=3000
)
PDF = b"%PDF-1.7 /Type /Page"


@pytest.mark.parametrize(
    "request_",
    [  # what the service adds may fill the context of the model
        ChatRequest(messages=(user("hi"),), previous_response_id="resp_1"),
        ChatRequest(messages=(user("hi"),), extra={"conversation": "conv_1"}),
        ChatRequest(messages=(user("hi"),), extra={"prompt": {"id": "pmpt_1"}}),
        ChatRequest(messages=(user("hi", Document(url="https://example.org/a.pdf")),)),
        ChatRequest(messages=(user("hi", Document(file_id="file-1")),)),
    ],
)  # fmt: skip
def test_input_that_only_the_service_has_counts_as_a_full_context(request_: ChatRequest) -> None:
    prices = {"m": {"input": 1000, "output": 0}}
    reply = answering("ok", usage=USAGE)
    for config, budget, kind in [
        (STORED, 3, ""),
        (STORED, 2, "budget_exceeded"),
        (msgspec.structs.replace(STORED, context_length=None), 10**6, "price_unknown"),
    ]:
        with LLM(config, transport=reply, budget=budget, prices=prices) as llm:
            result = llm.completion(request_)
        assert result.swap().map(lambda error: error.kind).value_or("") == kind
    assert len(reply.requests) == 1


def test_input_that_is_in_the_request_is_counted() -> None:
    prices = {"m": {"input": 1000, "output": 0}}
    file = Document(data=PDF, media_type="application/pdf", name="a.pdf")
    with LLM(STORED, transport=answering("ok", usage=USAGE), budget=3, prices=prices) as llm:
        assert llm.completion(ChatRequest(messages=(user("hi", file),))).unwrap().text == "ok"
        assert llm.completion("hi").unwrap().text == "ok"


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (b"", None),
        (b"{", None),
        (b"[1]", None),
        (b'{"max_tokens": "5"}', None),
        (b'{"max_tokens": true, "n": 5}', None),
        (b'{"max_tokens": -5}', None),
        (b'{"max_tokens": 5, "n": -5}', 5),
        (b'{"max_tokens": 5, "max_completion_tokens": 7, "n": 2}', 14),
        (b'{"inferenceConfig": {"maxTokens": 5}}', 5),
        (b'{"parameters": {"max_tokens": 5, "n": 2}}', 10),
        (b'{"parameter": {"chat": {"max_tokens": 5}}}', 5),
        (b'{"options": {"num_predict": 5}}', 5),
        (b'{"options": 5, "tools": [{"max_tokens": 5}]}', None),
        (b'{"options": {"options": {"options": {"options": {"num_predict": 5}}}}}', None),
    ],
)
def test_limit_of_a_body(body: bytes, tokens: int | None) -> None:
    assert sent_output_tokens(body) == tokens
