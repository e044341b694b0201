"""A client out of a configuration: what the files say is what it does."""

import logging
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_pure import LLM, ChatRequest, assistant, describe, user
from llm_pure.client.from_settings import budget_of
from llm_pure.pricing.ledger import Ledger, Totals
from llm_pure.settings.config_file import CostControl
from llm_pure.settings.loading import load_configuration
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.config import reveal
from llm_pure.types.errors import BudgetExceeded, InvalidConfiguration, UnknownPrice
from llm_pure.types.result import Failure, Success
from tests.support import config2
from tests.support.twins import called, every_kind

JSON = (("content-type", "application/json"),)
HELLO = ScriptedResponse(headers=JSON, chunks=(config2.OPENAI,))
BUSY = ScriptedResponse(status=503, headers=JSON, chunks=(b'{"error": {"message": "busy"}}',))
LLM_LINE = "llm: {model: gpt-4o, api_key: key-0123456, stream: false, max_token: 100}\n"

Opened = Callable[..., tuple[LLM, ScriptedTransport]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """The client of a model of a file with this text."""

    def opened(
        text: str, *answers: ScriptedResponse, model: str | None = None, **given: Any
    ) -> tuple[LLM, ScriptedTransport]:
        path = tmp_path / "c.yaml"
        path.write_text(text, "utf-8")
        transport = ScriptedTransport(answers or [HELLO])
        return LLM.from_config(model, path, transport, **given).unwrap(), transport

    return opened


@every_kind
def test_the_files_budget_refuses_what_may_not_fit(opened: Opened, kind: str) -> None:
    llm, transport = opened(LLM_LINE + "cost_control: {max_budget: 0.0000001}")
    assert isinstance(called(kind, llm, "ask", "Hi").failure(), BudgetExceeded)
    assert transport.requests == []
    assert llm.get_costs() == Ledger(max_usd=Decimal("0.0000001"))


def test_a_budget_and_a_model_without_a_price_is_told_and_prices_help(opened: Opened) -> None:
    mine = "llm: {api_type: ollama, model: mine, stream: false}\ncost_control: {max_budget: 1}\n"
    llm, _ = opened(mine)
    assert isinstance(llm.ask("Hi").failure(), UnknownPrice)
    ollama = ScriptedResponse(headers=JSON, chunks=(config2.OLLAMA,))
    llm, _ = opened(mine + 'prices: {"ollama:*": {input: 0, output: 0}}', ollama)
    assert llm.ask("Hi") == Success("Hello")


@every_kind
def test_the_files_way_of_cutting_is_asks(opened: Opened, kind: str) -> None:
    llm, transport = opened(
        LLM_LINE + "compress: {type: post_cut_by_msg, threshold: 0.5, max_token: 100}"
    )
    long = [user("old " * 60), assistant("old " * 60), user("new")]
    called(kind, llm, "ask", long, system_msgs=())
    assert b"old" not in transport.requests[0].body
    assert b"new" in transport.requests[0].body
    cut = llm.compress_request(ChatRequest(messages=long)).unwrap()
    assert cut.messages == (user("new"),)


CUTTING: dict[str, tuple[Any, ...]] = {
    "ask": ([user("old " * 140), user("new")],),
    "ask_batch": (["old " * 140, "new"],),
    "ask_code": ([user("old " * 140), user("new")],),
    "ask_typed": (dict[str, str], [user("old " * 140), user("new")]),
}


@every_kind
@pytest.mark.parametrize("method", CUTTING)
def test_every_method_that_puts_a_request_together_cuts_it(
    method: str, opened: Opened, kind: str
) -> None:
    text = LLM_LINE + "compress: {type: post_cut_by_msg, threshold: 1, max_token: 150}"
    llm, transport = opened(text, HELLO, HELLO)
    called(kind, llm, method, *CUTTING[method])
    assert b"old" not in transport.requests[-1].body
    assert b"new" in transport.requests[-1].body


@every_kind
def test_a_request_that_the_caller_built_is_sent_as_it_is(opened: Opened, kind: str) -> None:
    text = LLM_LINE + "compress: {type: post_cut_by_msg, threshold: 1, max_token: 150}"
    llm, transport = opened(text)
    called(kind, llm, "completion", [user("old " * 200), user("new")])
    assert b"old" in transport.requests[0].body


@every_kind
def test_the_files_fallbacks_and_retries_are_the_clients(opened: Opened, kind: str) -> None:
    text = LLM_LINE + (
        "models: {other: {api_type: mistral, api_key: key-0123456, model: m}}\n"
        "fallbacks: {llm: [other]}\nretry: {max_attempts: 2, initial_backoff_s: 0.001}"
    )
    llm, transport = opened(text, BUSY, BUSY, HELLO)
    assert called(kind, llm, "ask", "Hi") == Success("Hello")
    assert [request.url.split("/")[2] for request in transport.requests] == [
        "api.openai.com", "api.openai.com", "api.mistral.ai"
    ]  # fmt: skip


def test_the_files_limit_is_the_clients(opened: Opened) -> None:
    llm, _ = opened(LLM_LINE + "limit: {requests_per_minute: 1}", HELLO, HELLO)
    assert llm.ask("Hi") == Success("Hello")
    error = llm.ask("Hi", timeout_s=1).failure()
    assert (error.kind, error.code) == ("rate_limited", "client_limit")


def test_what_is_given_goes_over_the_files(opened: Opened) -> None:
    llm, _ = opened(LLM_LINE + "cost_control: {max_budget: 0}", budget=5)
    assert llm.ask("Hi") == Success("Hello")
    assert llm.get_costs().max_usd == 5


def test_clients_of_one_budget_share_an_account(opened: Opened) -> None:
    first, _ = opened(LLM_LINE + "cost_control: {max_budget: 1}")
    second, _ = opened(LLM_LINE, budget=first.account)
    second.ask("Hi").unwrap()
    assert first.get_costs() == second.get_costs()
    assert first.get_costs().totals.calls == 1


def test_the_files_that_are_found_are_read_when_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "llm-pure.yaml").write_text("models: {fast: {model: m, api_key: key-0123456}}")
    assert LLM.from_config("fast").unwrap().config.model == "m"
    assert LLM.from_config() == Failure(
        InvalidConfiguration(message="no default model is configured", field="llm")
    )


@pytest.mark.parametrize(
    ("name", "api_type", "model", "key"),
    [
        ("openai:gpt-9", "openai", "gpt-9", "key-0123456"),
        ("mistral:m:1", "mistral", "m:1", ""),
        ("openai:gpt-4o", "ollama", "llama", ""),
    ],
)
def test_a_model_that_no_file_has_is_that_of_its_provider(
    tmp_path: Path, name: str, api_type: str, model: str, key: str
) -> None:
    path = tmp_path / "c.yaml"
    listed = (
        "models: {'openai:gpt-4o': {api_type: ollama, model: llama}}\ncost_control: {max_budget: 3}"
    )
    path.write_text(LLM_LINE + listed)
    llm = LLM.from_config(name, path).unwrap()
    config = llm.config
    assert (config.api_type, config.model, reveal(config.api_key)) == (api_type, model, key)
    assert llm.get_costs().max_usd == 3


def test_a_model_of_an_unknown_provider_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(LLM_LINE)
    error = LLM.from_config("opnai:gpt-4o", path).failure()
    assert isinstance(error, InvalidConfiguration)
    assert (error.field, "'opnai:gpt-4o'" in error.message) == ("models", True)
    assert "PROVIDER:MODEL" in describe(error)


def test_an_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("models: {fast: {modle: m}}")
    assert load_configuration(path).failure().message == (f"{path}: models/fast/modle is not known")
    path.write_text("fallbacks: {fast: [slow]}")
    assert load_configuration(path).failure().message.startswith(f"{path}: fallbacks/fast")


def test_the_alert_of_a_budget_is_a_warning_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    budget = budget_of(CostControl(max_budget=10, alert_threshold=0.25))
    assert budget is not None
    assert (budget.max_usd, budget.alert_threshold) == (Decimal(10), 0.25)
    assert budget.on_alert is not None
    budget.on_alert(Ledger(max_usd=Decimal(10), totals=Totals(cost_usd=Decimal("2.5"))))
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "spent 2.5 of a budget of 10 USD")
    ]


def test_no_budget_in_the_files_is_none() -> None:
    assert budget_of(CostControl()) is None
