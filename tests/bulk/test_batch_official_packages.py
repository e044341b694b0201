"""The official packages use the fake services, so the fakes are honest, and our client reads what they wrote."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx
import mistralai.client
import msgspec
import openai
import pytest
from google import genai

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.batch_api import BatchApi, BatchJob, BatchResult
from llm_pure.core.provider import Provider
from llm_pure.types.http import HttpRequest, HttpResponse
from tests.support.batches import FakeBatches, serve_batches

PROMPTS = {"id-1": "one", "id-2": "two"}
ANSWERS = {name: f"answer to {prompt}" for name, prompt in PROMPTS.items()}


def ours(name: str) -> tuple[Provider, BatchApi]:
    provider = registry.get(name).unwrap()
    assert provider.batch is not None
    return provider, provider.batch


def lines(name: str, config: LLMConfig) -> list[Any]:
    """The lines that our client would send, as JSON."""
    _, api = ours(name)
    built = [api.build_line(config, row, ChatRequest(messages=prompt)).unwrap() for row, prompt in PROMPTS.items()]  # fmt: skip
    return [msgspec.json.decode(line.data) for line in built]


def read_all(name: str, fake: FakeBatches, config: LLMConfig, job: BatchJob) -> dict[str, str]:
    """The texts of a job's results, as our client reads them."""
    provider, api = ours(name)
    pages, results = list(job.pages), list[BatchResult]()
    while pages:
        page = pages.pop(0)
        read = api.read_results(job, page, fake.handle(api.results(config, job, page).unwrap()))
        assert read.error is None
        results += read.results
        pages = [read.next_page, *pages] if read.next_page else pages
    texts = {}
    for result in results:
        assert result.response is not None
        texts[result.custom_id] = provider.parse_chat(result.response).unwrap().text
    return texts


@contextmanager
def closing(client: Any) -> Iterator[Any]:
    try:
        yield client
    finally:
        client.close()


def test_openai_makes_a_batch_that_we_read() -> None:
    config = LLMConfig(api_type="openai", model="gpt-5-mini", api_key="k")
    data = b"".join([msgspec.json.encode(line) + b"\n" for line in lines("openai", config)])
    with serve_batches("files") as fake, closing(openai.OpenAI(base_url=f"{fake.url}/v1", api_key="k", max_retries=0)) as client:  # fmt: skip
        file = client.files.create(file=("rows.jsonl", io.BytesIO(data)), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"llm_pure_job": "our-key"},
        )
        batch = client.batches.retrieve(batch.id)
        assert batch.status == "completed"
        assert [one.id for one in client.batches.list()] == [batch.id]
        content = client.files.content(batch.output_file_id).text
        assert [msgspec.json.decode(line)["custom_id"] for line in content.splitlines()] == list(PROMPTS)  # fmt: skip
        assert client.batches.cancel(batch.id).id == batch.id
        _, api = ours("openai")
        job = api.parse_job(fake.handle(api.poll(config, batch.id).unwrap())).unwrap()
        assert (job.key, job.input_file, job.state) == ("our-key", file.id, "completed")
        assert read_all("openai", fake, config, job) == ANSWERS


def test_anthropic_makes_a_batch_that_we_read() -> None:
    config = LLMConfig(api_type="anthropic", model="claude-sonnet-4-5", api_key="k")
    with serve_batches("anthropic") as fake, closing(anthropic.Anthropic(base_url=fake.url, api_key="k", max_retries=0)) as client:  # fmt: skip
        batch = client.messages.batches.create(requests=lines("anthropic", config))
        batch = client.messages.batches.retrieve(batch.id)
        assert batch.processing_status == "ended"
        assert [one.id for one in client.messages.batches.list()] == [batch.id]
        texts = {
            row.custom_id: row.result.message.content[0].text
            for row in client.messages.batches.results(batch.id)
        }
        assert texts == ANSWERS
        assert client.messages.batches.cancel(batch.id).id == batch.id
        _, api = ours("anthropic")
        job = api.parse_job(fake.handle(api.poll(config, batch.id).unwrap())).unwrap()
        assert (job.state, job.counts.total, job.counts.succeeded) == ("completed", 2, 2)
        assert read_all("anthropic", fake, config, job) == ANSWERS
        assert client.messages.batches.delete(batch.id).id == batch.id


@pytest.mark.parametrize("upload", [False, True])
def test_mistralai_makes_a_job_that_we_read(upload: bool) -> None:
    config = LLMConfig(api_type="mistral", model="mistral-small-latest", api_key="k")
    rows = lines("mistral", config)
    with (
        serve_batches("mistral") as fake,
        closing(httpx.Client()) as http,
        mistralai.client.Mistral(api_key="k", server_url=fake.url, client=http) as client,
    ):
        source: dict[str, Any] = {"requests": rows}
        if upload:
            data = b"".join([msgspec.json.encode(row) + b"\n" for row in rows])
            file = client.files.upload(file={"file_name": "rows.jsonl", "content": data}, purpose="batch")  # fmt: skip
            source = {"input_files": [file.id]}
        job = client.batch.jobs.create(
            endpoint="/v1/chat/completions",
            model="mistral-small-latest",
            metadata={"llm_pure_job": "our-key"},
            **source,
        )
        done = client.batch.jobs.get(job_id=job.id, inline=True)
        assert done.status == "SUCCESS"
        listed = client.batch.jobs.list().data or []
        assert [one.id for one in listed] == [job.id]
        if not upload:
            assert [row["custom_id"] for row in done.outputs or []] == list(PROMPTS)
        assert client.batch.jobs.cancel(job_id=job.id).id == job.id
        _, api = ours("mistral")
        ours_job = api.parse_job(fake.handle(api.poll(config, job.id).unwrap())).unwrap()
        assert (ours_job.key, ours_job.state) == ("our-key", "completed")
        assert read_all("mistral", fake, config, ours_job) == ANSWERS


def test_google_genai_makes_a_batch_that_we_read() -> None:
    config = LLMConfig(api_type="gemini", model="gemini-2.5-flash", api_key="k")
    with serve_batches("gemini") as fake:
        options = genai.types.HttpOptions(base_url=fake.url)
        with closing(genai.Client(api_key="k", http_options=options)) as client:
            requests = [
                {"contents": line["request"]["contents"], "metadata": {"key": line["key"]}}
                for line in lines("gemini", config)
            ]
            job = client.batches.create(model="gemini-2.5-flash", src=requests, config={"display_name": "our-key"})  # fmt: skip
            job = client.batches.get(name=job.name)
            assert str(job.state.value) == "JOB_STATE_SUCCEEDED"
            responses = job.dest.inlined_responses
            assert [one.response.text for one in responses] == list(ANSWERS.values())
        _, api = ours("gemini")
        ours_job = api.parse_job(fake.handle(api.poll(config, job.name).unwrap())).unwrap()
        assert (ours_job.key, ours_job.state) == ("our-key", "completed")
        assert read_all("gemini", fake, config, ours_job) == ANSWERS


def test_the_fake_refuses_what_the_services_refuse() -> None:
    body = b'{"requests":[{"custom_id":"a","params":{"stream":true,"messages":[]}}]}'
    refused: HttpResponse = FakeBatches("anthropic").handle(
        HttpRequest("POST", "https://fake.test/v1/messages/batches", (), body)
    )
    assert refused.status == 400
