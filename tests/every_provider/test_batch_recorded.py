"""Recorded exchanges with batch services are read again, with vcrpy in the network's place; `make record` writes them."""

import ssl
from typing import Any

import httpx
import pytest
from pytest_recording.plugin import (
    block_network,
    disable_recording,
    record_mode,
    vcr,
    vcr_markers,
)

from llm_pure import HttpResponse
from llm_pure.replay.secrets.redaction import before_record_request, before_record_response
from llm_pure.types.errors import NotFound
from tests.support.batch_scenarios import JOB_KEY, PROMPTS, BatchScenario, batch_scenarios

__all__ = ["block_network", "disable_recording", "record_mode", "vcr", "vcr_markers"]
"""The plugin's fixtures: pyproject.toml turns the plugin off, as they would run around every test."""

_TRUST = ssl.create_default_context()
ALL = [pytest.param(one, id=one.id) for one in batch_scenarios()]


@pytest.fixture
def vcr_cassette_dir(scenario: BatchScenario) -> str:
    return str(scenario.path.parent)


@pytest.fixture
def default_cassette_name(scenario: BatchScenario) -> str:
    return scenario.path.stem


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    return {
        "before_record_request": before_record_request,
        "before_record_response": before_record_response,
        "decode_compressed_response": True,
        "match_on": ["method", "path", "body"],
    }


@pytest.mark.vcr
@pytest.mark.parametrize("scenario", ALL)
def test_a_recorded_exchange_is_read(scenario: BatchScenario) -> None:
    request, api = scenario.signed, scenario.api
    with httpx.Client(verify=_TRUST) as client:
        sent = client.request(
            request.method, request.url, headers=list(request.headers), content=request.body
        )
    response = HttpResponse(sent.status_code, tuple(sent.headers.multi_items()), sent.content)
    assert response.status == scenario.status
    match scenario.operation:
        case "batch_create" | "batch_poll":
            job = api.parse_job(response).unwrap()
            assert job.id
            assert job.provider == scenario.provider.name
            assert job.key == (JOB_KEY if api.keeps_key and scenario.provider_name != "together" else "")  # fmt: skip
            assert job.state == "completed"  # the service here is done at once
        case "batch_results":
            known = scenario.known_job
            read = api.read_results(known, known.pages[0], response)
            assert (read.error, read.next_page) == (None, "")
            texts = {
                result.custom_id: scenario.provider.parse_chat(result.response).unwrap().text
                for result in read.results
                if result.response is not None
            }
            assert texts == {name: f"answer to {prompt}" for name, prompt in PROMPTS.items()}
        case _:
            error = api.parse_job(response).failure()
            assert isinstance(error, NotFound)
            assert error.status == 404
