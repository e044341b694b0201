"""Every recorded question is asked again over the real httpx transport, with vcrpy in the network's place.

`make record` runs this file against the servers on loopback and writes the cassettes anew.
"""

from typing import Any

import httpx
import pytest

from llm_pure import Completion, Embeddings, HttpResponse, ResponseHead, TokenCount
from llm_pure.types.result import Failure, LLMResult
from tests.support.expectations import (
    COUNTED,
    ERROR_KINDS,
    comparable,
    embedded,
    expected,
    said,
    told_beside_chat,
)
from tests.support.scenarios import Scenario, scenarios
from tests.support.vcr_fixtures import (
    TRUST,
    block_network,
    default_cassette_name,
    disable_recording,
    record_mode,
    vcr,
    vcr_cassette_dir,
    vcr_config,
    vcr_markers,
)

__all__ = [
    "block_network", "default_cassette_name", "disable_recording", "record_mode", "vcr", "vcr_cassette_dir", "vcr_config", "vcr_markers",
]  # fmt: skip

ALL = [pytest.param(one, id=one.id) for one in scenarios()]


@pytest.mark.vcr
@pytest.mark.parametrize("scenario", ALL)
def test_a_recorded_question_has_the_answer_that_was_given(scenario: Scenario) -> None:
    answer = _ask(scenario)
    if scenario.question.status >= 400:
        assert isinstance(answer, Failure)
        assert answer.failure().kind in ERROR_KINDS[scenario.question.status]
        assert answer.failure().status == scenario.question.status
        return
    got = answer.unwrap()
    assert got.provider == scenario.provider.name
    if isinstance(got, Embeddings):
        assert got.vectors == embedded(scenario)
    elif isinstance(got, TokenCount):
        assert got.input_tokens == COUNTED
    elif isinstance(got, Completion):
        assert said(got) == expected(scenario)
    else:
        assert comparable(got) == told_beside_chat(scenario)


def _ask(scenario: Scenario) -> LLMResult[Any]:
    request = scenario.signed
    provider = scenario.provider
    with (
        httpx.Client(verify=TRUST) as client,
        client.stream(
            request.method, request.url, headers=request.headers, content=request.body
        ) as response,
    ):
        headers = tuple(response.headers.multi_items())
        if not scenario.stream:
            whole = HttpResponse(response.status_code, headers, response.read())
            operation = scenario.asked_operation
            if operation is not None:
                return operation.parse(whole)
            return provider.parse_chat(whole)
        decoder = provider.open_stream(ResponseHead(response.status_code, headers))
        for piece in response.iter_bytes():
            fed = decoder.feed(piece)
            if isinstance(fed, Failure):
                return fed
        return decoder.close().map(lambda _: decoder.partial())
