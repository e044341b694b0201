"""Recorded exchanges with batch services are read again, with vcrpy in the network's place; `make record` writes them."""

import httpx
import pytest

from llm_pure import HttpRequest, HttpResponse
from llm_pure.types.errors import NotFound
from tests.support.batch_scenarios import JOB_KEY, PROMPTS, BatchScenario, batch_scenarios
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

ALL = [pytest.param(one, id=one.id) for one in batch_scenarios()]


def send(client: httpx.Client, request: HttpRequest) -> HttpResponse:
    """Send a signed request."""
    sent = client.request(
        request.method, request.url, headers=list(request.headers), content=request.body
    )
    return HttpResponse(sent.status_code, tuple(sent.headers.multi_items()), sent.content)


@pytest.mark.vcr
@pytest.mark.parametrize("scenario", ALL)
def test_a_recorded_exchange_is_read(scenario: BatchScenario) -> None:
    request, api = scenario.signed, scenario.api
    with httpx.Client(verify=TRUST) as client:
        response = send(client, request)
        parts = [send(client, part) for part in scenario.parts(response)]
    assert response.status == scenario.status
    match scenario.operation:
        case "batch_create" | "batch_poll":
            job = api.parse_job(response).unwrap()
            assert job.id
            assert job.provider == scenario.provider.name
            if (
                scenario.provider_name.startswith("bedrock")
                and scenario.operation == "batch_create"
            ):
                assert (job.key, job.state) == ("", "waiting")  # the response has the id only
                return
            assert job.key == (JOB_KEY if api.keeps_key and scenario.provider_name != "together" else "")  # fmt: skip
            assert job.state == "completed"  # the service here is done at once
        case "batch_results":
            known = scenario.known_job
            reads = [api.read_results(known, known.pages[0], part) for part in parts or [response]]
            assert [(read.error, read.next_page) for read in reads] == [(None, "")] * len(reads)
            texts = {
                result.custom_id: scenario.provider.parse_chat(result.response).unwrap().text
                for read in reads
                for result in read.results
                if result.response is not None
            }
            assert texts == {name: f"answer to {prompt}" for name, prompt in PROMPTS.items()}
        case _:
            error = api.parse_job(response).failure()
            assert isinstance(error, NotFound)
            assert error.status == 404
