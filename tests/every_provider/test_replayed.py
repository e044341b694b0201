"""The provider suite both ways: our replay transport gives what vcrpy gives over the real httpx transport, one Completion."""

from importlib import import_module
from typing import Any

import pytest

from llm_pure.replay import MatchRules, open_replay
from llm_pure.replay.secrets.redaction import before_record_request
from llm_pure.transports.base import Timeouts, Transport
from llm_pure.transports.httpx import HttpxTransport
from llm_pure.types.result import Failure, LLMResult
from tests.support.scenarios import Scenario, scenarios
from tests.support.vcr_fixtures import NOT_INSTALLED

vcr: Any = import_module("vcr")  # vcrpy has no types
assert "httpx" not in NOT_INSTALLED

NOW = Timeouts(total_s=20)
ALL = [pytest.param(one, id=one.id) for one in scenarios()]


@pytest.mark.parametrize("scenario", ALL)
def test_our_replay_and_vcrpys_give_equal_answers(scenario: Scenario) -> None:
    replay = open_replay(scenario.path, matching=MatchRules(origin=False)).unwrap()
    ours = _asked(scenario, replay)
    assert replay.unused == ()
    recorder = vcr.VCR(
        record_mode="none",
        match_on=["method", "path", "body"],
        before_record_request=before_record_request,
    )
    with recorder.use_cassette(str(scenario.path)), HttpxTransport() as httpx:
        theirs = _asked(scenario, httpx)
    assert ours == theirs


def _asked(scenario: Scenario, transport: Transport) -> LLMResult[Any]:
    """What the provider's parsers make of the answer that the transport brings."""
    provider = scenario.provider
    if not scenario.stream:
        whole = transport.send(scenario.signed, NOW)
        operation = scenario.asked_operation
        return whole.bind(provider.parse_chat if operation is None else operation.parse)
    with transport.stream(scenario.signed, NOW) as opened:
        answer = opened.unwrap()
        decoder = provider.open_stream(answer.head)
        for piece in answer:
            fed = piece.bind(decoder.feed)
            if isinstance(fed, Failure):
                return fed
        return decoder.close().map(lambda _: decoder.partial())
