"""In replay nothing needs a key: every recorded chat gives the same result without credentials and with an empty environment."""

import os
from typing import Any

import httpx
import msgspec
import pytest

from llm_pure import LLM, ChatRequest, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import MatchRules, open_replay, serve
from llm_pure.types.config import SECRET_FIELDS
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.expectations import without_remedy
from tests.support.scenarios import Scenario, scenarios

CHATS = [pytest.param(one, id=one.id) for one in scenarios() if one.operation == "chat"]
UNLOCATED = ("azure", "azure_responses", "vertex", "vertex_anthropic")
"""Providers that have no endpoint without a configured base URL or project."""


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)


def complete(scenario: Scenario, config: LLMConfig, **rules: Any) -> LLMResult[Any]:
    replay = open_replay(scenario.path, matching=MatchRules(**rules)).unwrap()
    request = scenario.question.request
    assert isinstance(request, ChatRequest)
    llm = LLM(config, transport=replay, retry=NO_RETRY)
    return llm.completion(msgspec.structs.replace(request, stream=scenario.stream))


@pytest.mark.parametrize("scenario", CHATS)
def test_a_recorded_chat_needs_no_credentials(scenario: Scenario) -> None:
    config = scenario.speaker.config
    bare = msgspec.structs.replace(config, **dict.fromkeys(SECRET_FIELDS))
    assert complete(scenario, bare) == complete(scenario, config)


@pytest.mark.parametrize(
    "scenario",
    [one for one in CHATS if one.values[0].speaker.provider in UNLOCATED],  # type: ignore[union-attr]
)
def test_an_endpoint_that_is_not_configured_is_the_recorded_one(scenario: Scenario) -> None:
    config = scenario.speaker.config
    names = (*SECRET_FIELDS, "base_url", "endpoint", "project")
    bare = msgspec.structs.replace(config, **dict.fromkeys(names))
    assert without_remedy(complete(scenario, bare)) == without_remedy(complete(scenario, config))


def test_an_endpoint_that_the_recordings_leave_open_is_an_error_that_says_what_is_missing() -> None:
    paths = {one.path for one in scenarios() if one.speaker.provider == "azure"}
    replay = open_replay(*paths).unwrap()
    config = LLMConfig(api_type="azure", model="m")
    result = LLM(config, transport=replay, retry=NO_RETRY).ask("Hi")
    assert isinstance(result, Failure)
    assert result.failure().code == "not_recorded"
    assert "the base URL for azure is missing" in result.failure().message


def test_a_replay_server_needs_no_credentials() -> None:
    for scenario in (one for one in scenarios() if one.name == "hello" and not one.stream):
        if scenario.built.url.startswith("ws"):
            continue
        request = scenario.built
        replay = open_replay(scenario.path, matching=MatchRules(origin=False)).unwrap()
        path = "/" + request.url.partition("://")[2].partition("/")[2]
        with serve(replay) as server:
            response = httpx.post(
                server.url + path, content=request.body, headers=dict(request.headers)
            )
        assert response.status_code == 200, scenario.id


def test_a_replay_has_nothing_to_preload() -> None:
    scenario = next(scenarios())
    replay = open_replay(scenario.path).unwrap()
    with LLM(LLMConfig(model="m"), transport=replay) as llm:
        assert llm.warmup() == Success(None)
