"""The official packages use the fake services, so the fakes are honest, and our client reads what they wrote."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import botocore.session  # type: ignore[import-untyped]
import google.oauth2.credentials
import httpx
import mistralai.client
import msgspec
import openai
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from google import genai

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.batch_api import BatchApi, BatchJob, BatchResult
from llm_pure.core.provider import Provider
from llm_pure.types.http import HttpRequest, HttpResponse
from tests.support.batch_crashes import storage_fields
from tests.support.batches import FakeBatches, serve_batches
from tests.support.scenarios import NOW

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


@contextmanager
def aws(fake: FakeBatches) -> Iterator[tuple[Any, Any]]:
    """botocore's clients of Bedrock and of S3, at the fake service."""
    session = botocore.session.get_session()
    keys: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}  # fmt: skip
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version="s3v4")  # fmt: skip
    s3 = session.create_client("s3", endpoint_url=f"{fake.url}/s3", config=once, **keys)
    plain = Config(retries={"total_max_attempts": 1})
    bedrock = session.create_client("bedrock", endpoint_url=fake.url, config=plain, **keys)
    try:
        yield bedrock, s3
    finally:
        bedrock.close()
        s3.close()


def test_botocore_makes_a_job_that_we_read_and_reads_ours() -> None:
    fields = storage_fields("bedrock", "")
    with serve_batches("bedrock") as fake, aws(fake) as (bedrock, s3):
        config = LLMConfig(api_type="bedrock", model="m", base_url=fake.url, **{**fields, "storage_endpoint": f"{fake.url}/s3"})  # fmt: skip
        provider, api = ours("bedrock")
        data = b"".join([msgspec.json.encode(line) + b"\n" for line in lines("bedrock", config)])
        s3.put_object(Bucket="bucket", Key="theirs/a.jsonl", Body=data)
        made = bedrock.create_model_invocation_job(
            jobName="our-key", roleArn=fields["batch_role"], modelId="m", modelInvocationType="Converse",
            inputDataConfig={"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": "s3://bucket/theirs/a.jsonl"}},
            outputDataConfig={"s3OutputDataConfig": {"s3Uri": "s3://bucket/theirs/out/"}},
        )  # fmt: skip
        name = made["jobArn"]
        done = bedrock.get_model_invocation_job(jobIdentifier=name)
        assert (done["status"], done["jobName"]) == ("Completed", "our-key")
        listed = bedrock.list_model_invocation_jobs()["invocationJobSummaries"]
        assert [one["jobArn"] for one in listed] == [name]

        def send(request: HttpRequest) -> HttpResponse:
            return fake.handle(provider.authorize(config, request, NOW).unwrap())

        job = api.parse_job(send(api.poll(config, name).unwrap())).unwrap()
        assert (job.id, job.key, job.state) == (name, "our-key", "completed")
        (page,) = job.pages
        read = api.read_results(job, page, send(api.results(config, job, page).unwrap()))
        texts = {
            result.custom_id: provider.parse_chat(result.response).unwrap().text
            for result in read.results
            if result.response is not None
        }
        assert texts == ANSWERS
        bucket, _, key = job.output_file.removeprefix("s3://").partition("/")
        theirs = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert [msgspec.json.decode(line)["recordId"] for line in theirs.splitlines()] == list(PROMPTS)  # fmt: skip
        assert bedrock.stop_model_invocation_job(jobIdentifier=name)["ResponseMetadata"]["HTTPStatusCode"] == 200  # fmt: skip
        s3.delete_object(Bucket=bucket, Key=key)
        assert f"s3://{bucket}/{key}" not in fake.files


def test_google_genai_makes_a_job_of_vertex_that_we_read() -> None:
    fields = storage_fields("vertex", "")
    with serve_batches("vertex") as fake:
        config = LLMConfig(api_type="vertex", model="gemini-x", api_key="token", base_url=fake.url, **{**fields, "storage_endpoint": f"{fake.url}/gcs"})  # fmt: skip
        provider, api = ours("vertex")
        fake.files["gs://bucket/theirs.jsonl"] = b"".join([msgspec.json.encode(line) + b"\n" for line in lines("vertex", config)])  # fmt: skip
        options = genai.types.HttpOptions(base_url=fake.url, api_version="v1")
        credentials = google.oauth2.credentials.Credentials("token")  # type: ignore[no-untyped-call]
        with closing(genai.Client(vertexai=True, project="project-1", location="us-central1", credentials=credentials, http_options=options)) as client:  # fmt: skip
            made = client.batches.create(
                model="gemini-x", src="gs://bucket/theirs.jsonl",
                config={"display_name": "our-key", "dest": "gs://bucket/theirs/"},
            )  # fmt: skip
            done = client.batches.get(name=made.name)
            assert done.state == "JOB_STATE_SUCCEEDED"
            assert [one.name for one in client.batches.list()] == [made.name]

        def send(request: HttpRequest) -> HttpResponse:
            return fake.handle(provider.authorize(config, request, NOW).unwrap())

        job = api.parse_job(send(api.poll(config, made.name).unwrap())).unwrap()
        assert (job.key, job.state, job.counts.succeeded) == ("our-key", "completed", 2)
        (page,) = job.pages
        assert api.build_parts is not None
        listed = send(api.results(config, job, page).unwrap())
        parts = api.build_parts(config, job, page, listed).unwrap()
        reads = [api.read_results(job, page, send(part.request)) for part in parts.requests]
        texts = {
            result.custom_id: provider.parse_chat(result.response).unwrap().text
            for read in reads
            for result in read.results
            if result.response is not None
        }
        assert texts == ANSWERS
