"""A stand-in signs where no service receives the request; a recorder that has to send it fails with the missing key."""

from pathlib import Path

import pytest

from llm_pure import LLM, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import RecordingOverride, RecordTransport, open_cassette, override_transport
from llm_pure.signing.stand_in import STAND_INS, StandInRequest, mark_stand_in, with_stand_in
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.config import SECRET_FIELDS
from llm_pure.types.errors import InvalidConfiguration, TimedOut
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Success

CONFIG = LLMConfig(api_type="openai", model="m", stream=False)
MISSING = InvalidConfiguration(
    message="the key for openai is missing: set OPENAI_API_KEY, or `api_key`",
    provider="openai",
    field="api_key",
)
BODY = b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'


@pytest.fixture(autouse=True)
def _without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def answering() -> ScriptedTransport:
    head = (("content-type", "application/json"),)
    return ScriptedTransport(lambda request: ScriptedResponse(headers=head, chunks=(BODY,)))


@pytest.mark.parametrize("mode", ["once", "new_episodes", "all", "rewrite"])
def test_a_recorder_needs_a_key_only_for_what_it_has_to_send(tmp_path: Path, mode: str) -> None:
    path, service = tmp_path / "one.yaml", answering()
    with_key = LLMConfig(api_type="openai", model="m", stream=False, api_key="k" * 20)
    cassette = open_cassette(path, "once").unwrap()
    llm = LLM(with_key, transport=RecordTransport(cassette, service), retry=NO_RETRY)
    assert llm.ask("one") == Success("hi")
    cassette.save().unwrap()

    again = open_cassette(path, mode).unwrap()  # type: ignore[arg-type]
    llm = LLM(CONFIG, transport=RecordTransport(again, service), retry=NO_RETRY)
    one, two = llm.ask("one"), llm.ask("two")
    assert one == Success("hi") if again.can_play else one.failure() == MISSING
    assert two.failure() == MISSING if again.can_record else two.failure().code == "not_recorded"
    assert len(service.requests) == 1


def test_a_client_that_names_its_transport_needs_no_key_in_replay(tmp_path: Path) -> None:
    cassette = open_cassette(tmp_path / "none.yaml").unwrap()
    with override_transport(RecordingOverride(cassette)):
        error = LLM(CONFIG, retry=NO_RETRY).ask("hello").failure()
    assert error.code == "not_recorded"
    assert len(cassette.misses) == 1


def test_a_log_of_real_traffic_needs_the_real_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_PURE_LOG", str(tmp_path))
    assert LLM(CONFIG, retry=NO_RETRY).ask("hello").failure() == MISSING
    assert list(tmp_path.iterdir()) == []


def test_a_transport_that_says_so_is_sent_what_a_stand_in_signed() -> None:
    double = answering()
    assert LLM(CONFIG, transport=double).ask("hi").failure() == MISSING
    double.needs_credentials = False  # type: ignore[attr-defined]
    assert LLM(CONFIG, transport=double).ask("hi") == Success("hi")
    (request,) = double.requests
    assert isinstance(request, StandInRequest)
    assert request.error == MISSING
    assert ("authorization", "Bearer stand-in-credential") in request.headers


def test_other_errors_of_a_configuration_stay() -> None:
    double = answering()
    double.needs_credentials = False  # type: ignore[attr-defined]
    error = LLM(LLMConfig(api_type="openai", stream=False), transport=double).ask("hi").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "model"
    assert double.requests == []


def test_each_field_has_one_stand_in_and_other_errors_have_none() -> None:
    for field in STAND_INS:
        error = InvalidConfiguration(message="missing", field=field)
        config = with_stand_in(CONFIG, error)
        assert config is not None
        assert getattr(config, field) == STAND_INS[field]
        assert with_stand_in(config, error) is None
    assert set(SECRET_FIELDS) <= set(STAND_INS)
    assert with_stand_in(CONFIG, TimedOut(message="late", phase="read")) is None
    assert with_stand_in(CONFIG, InvalidConfiguration(message="no", field="model")) is None


def test_a_request_is_located_unless_its_endpoint_was_missing() -> None:
    request = HttpRequest("POST", "https://recorded.invalid/v1/chat/completions", (), b"{}")
    assert mark_stand_in(request, MISSING).is_located
    for field in ("base_url", "project"):
        error = InvalidConfiguration(message="missing", field=field)
        assert not mark_stand_in(request, error).is_located
