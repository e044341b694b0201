"""`warmup`: a first call after it loads nothing more, and what cannot work is told before it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llm_pure import LLMConfig
from llm_pure.client import LLM
from llm_pure.client.tokenizers import load_token_counter
from llm_pure.tokens import TokenCounter
from llm_pure.transports.scripted import ScriptedTransport
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.tiny_provider import REGISTRY, config
from tests.support.twins import called, every_kind

ROOT = Path(__file__).parents[2]

PROGRAM = """
import json, sys
from llm_pure import LLM, LLMConfig
with LLM(LLMConfig(api_key="k", model="m", base_url="https://127.0.0.1:1/v1")) as llm:
    llm.warmup().unwrap()
    before = set(sys.modules)
    error = llm.ask("Hi", timeout_s=0.2).failure()
    assert error.kind == "connection", error
print(json.dumps(sorted(name for name in set(sys.modules) - before if "." not in name)))
"""


@every_kind
def test_nothing_is_sent(kind: str) -> None:
    transport = ScriptedTransport([])
    assert called(kind, LLM(config(), transport, registry=REGISTRY), "warmup") == Success(None)
    assert transport.requests == []


@every_kind
def test_under_a_budget_prices_and_tokenizer_are_there(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(model: str, plan: str | None) -> LLMResult[TokenCounter]:
        loaded.append(model)
        return load_token_counter(model, plan)

    monkeypatch.setattr("llm_pure.client.tokenizers.load_token_counter", load)
    for budget, expected in ((None, []), (1, [f"gpt-4o-warm-{kind}"])):
        llm = LLM(
            config(model=f"gpt-4o-warm-{kind}"), ScriptedTransport([]), registry=REGISTRY, budget=budget
        )  # fmt: skip
        assert called(kind, llm, "warmup") == Success(None)
        assert loaded == expected


@every_kind
def test_what_no_call_can_do_without_is_told(kind: str) -> None:
    got = called(kind, LLM(LLMConfig(api_type="mistral", model="m", api_key="sk-")), "warmup")
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), InvalidConfiguration)
    assert got.failure().field == "api_key"


def test_a_call_after_it_loads_no_more_of_httpx_or_of_the_provider() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60,
        cwd=ROOT,
    )  # fmt: skip
    roots = set(json.loads(done.stdout)) - sys.stdlib_module_names
    assert roots <= {"tenacity"}  # which comes in with the first retry
