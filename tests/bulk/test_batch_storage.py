"""Batch services with files in a bucket or in datasets: settings, requests to object stores, lines and jobs of these services."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.session  # type: ignore[import-untyped]
import msgspec
import pytest
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from google.genai import types as genai_types
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, Completion, LLMConfig, Tool, Usage
from llm_pure.adapters import registry
from llm_pure.bulk import open_run
from llm_pure.bulk.batch_pricing import BatchPrices
from llm_pure.bulk.provider_batches import clean, run_provider
from llm_pure.client.billing import load_price_table
from llm_pure.client.targets import load_targets
from llm_pure.core.batch_api import (
    BatchApi,
    BatchInput,
    BatchJob,
    BatchResult,
    BatchState,
    TransferRequest,
    UploadState,
)
from llm_pure.pricing.costs import PricingContext, price_usage
from llm_pure.signing.aws_sigv4 import AwsCredentials, sign
from llm_pure.transports.base import TransportSettings
from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidConfiguration,
    InvalidRequest,
    NotFound,
    Overloaded,
    ProtocolError,
    RateLimited,
    ServerError,
    UnsupportedFeature,
)
from llm_pure.types.http import HttpRequest, HttpResponse, get_header
from llm_pure.types.result import Failure
from tests.support.batch_crashes import API_TYPES, MODELS, small_jobs, storage_fields
from tests.support.batches import serve_batches
from tests.support.batches.storage import STORAGE_ROUTES
from tests.support.laws import examples

NOW = datetime(2026, 11, 30, 5, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/batches"
SETTINGS: dict[str, dict[str, Any]] = {
    "bedrock": {"model": "m", "batch_uri": "s3://bucket/runs", "batch_role": ROLE},
    "bedrock_invoke": {
        "model": "anthropic.claude-haiku-4-5",
        "batch_uri": "s3://bucket/runs",
        "batch_role": ROLE,
    },
    "vertex": {"model": "gemini-x", "batch_uri": "gs://bucket/runs", "project": "p1"},
    "vertex_anthropic": {"model": "claude-x", "batch_uri": "gs://bucket/runs", "project": "p1"},
    "fireworks": {"model": "accounts/fireworks/models/m", "account_id": "account-1"},
}
NAMES = tuple(SETTINGS)
LINE = b'{"a":1}'


def config_of(name: str, **changes: Any) -> LLMConfig:
    return LLMConfig(api_type=name, **{**SETTINGS[name], **changes})


def api_of(name: str) -> BatchApi:
    api = registry.get(name).unwrap().batch
    assert api is not None
    return api


def upload(name: str, config: LLMConfig, state: UploadState | None = None) -> TransferRequest:
    api = api_of(name)
    assert api.upload is not None
    job = BatchInput(key="our-key", model=config.model, lines=(LINE, LINE))
    return api.upload(config, job, state or UploadState()).unwrap()


def create(name: str, config: LLMConfig, file_id: str = "") -> dict[str, Any]:
    job = BatchInput(key="our-key", model=config.model, lines=(LINE,), file_id=file_id)
    body = msgspec.json.decode(api_of(name).create(config, job).unwrap().body)
    assert isinstance(body, dict)
    return body


def job_of(name: str, /, **fields: Any) -> BatchJob:
    return api_of(name).parse_job(HttpResponse(200, (), msgspec.json.encode(fields))).unwrap()


def read(name: str, *rows: Any) -> tuple[BatchResult, ...]:
    data = b"".join([msgspec.json.encode(row) + b"\n" for row in rows])
    known = BatchJob(id="j", state="completed")
    page = api_of(name).read_results(known, "file:f", HttpResponse(200, (), data))
    assert page.error is None
    return page.results


def ended(name: str, row: Any) -> Any:
    """What became of a row: the text, or the type and the message of the error."""
    (result,) = read(name, row)
    if result.response is None:
        return result.kind
    parsed = registry.get(name).unwrap().parse_chat(result.response)
    return parsed.map(lambda completion: completion.text).value_or(None) or (
        type(parsed.failure()),
        parsed.failure().message,
    )


# Settings


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        *[(name, {"batch_uri": uri}, "batch_uri") for name in NAMES[:4] for uri in (None, "", "bucket", "https://b/x", "s3://", "gs://a b/c", "s3://Bucket/x", "gs://bucket/a//b", "gs://bucket/#x")],
        ("bedrock", {"batch_uri": "gs://bucket/x"}, "batch_uri"),
        ("vertex", {"batch_uri": "s3://bucket/x"}, "batch_uri"),
        *[(name, {"batch_role": role}, "batch_role") for name in NAMES[:2] for role in (None, "", "batches", "arn:aws:s3:::bucket", "arn:aws:iam::12:user/me")],
        ("bedrock", {"region_name": "nowhere"}, "region_name"),
        *[(name, {"storage_endpoint": url}, "storage_endpoint") for name in NAMES[:4] for url in ("no url", "s3://x", "https://h/?a=1")],
        *[(name, {"project": None}, "project") for name in NAMES[2:4]],
        *[(name, {"location": "x/y"}, "location") for name in NAMES[2:4]],
        ("vertex", {"api_key": "AIza" + "k" * 35}, "api_key"),
        *[("fireworks", {"account_id": account}, "account_id") for account in (None, "", "a/b", "a b")],
    ],
)  # fmt: skip
def test_a_missing_or_wrong_setting_is_an_error_that_names_it(
    name: str, changes: dict[str, Any], field: str
) -> None:
    api, config = api_of(name), config_of(name, **changes)
    assert api.upload is not None
    job = BatchInput(key="our-key", model=config.model, lines=(LINE,))
    error = api.upload(config, job, UploadState()).failure()
    assert isinstance(error, InvalidConfiguration)
    assert (error.field, error.provider) == (field, name)


def test_s3_needs_aws_credentials_besides_a_key_of_bedrock() -> None:
    provider, config = registry.get("bedrock").unwrap(), config_of("bedrock", api_key="k-0123456789")  # fmt: skip
    request = upload("bedrock", config).request
    error = provider.authorize(config, request, NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "access_key"
    both = config_of("bedrock", api_key="k-0123456789", access_key="AKIDEXAMPLE", secret_key="s" * 40)  # fmt: skip
    signed = provider.authorize(both, request, NOW).unwrap()
    assert "k-0123456789" not in repr(signed.headers)
    assert "/us-east-1/s3/aws4_request" in (get_header(signed.headers, "authorization") or "")
    poll = provider.authorize(both, api_of("bedrock").poll(both, "arn:x").unwrap(), NOW).unwrap()
    assert get_header(poll.headers, "authorization") == "Bearer k-0123456789"


def test_the_account_of_fireworks_is_in_its_own_variable() -> None:
    assert registry.get("fireworks").unwrap().env_vars == {"account_id": ("FIREWORKS_ACCOUNT_ID",)}


# Requests


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://bucket.s3.us-east-1.amazonaws.com/runs/our-key.jsonl"),
        ({"region_name": "eu-west-3"}, "https://bucket.s3.eu-west-3.amazonaws.com/runs/our-key.jsonl"),
        ({"region_name": "cn-north-1"}, "https://bucket.s3.cn-north-1.amazonaws.com.cn/runs/our-key.jsonl"),
        ({"model": "arn:aws:bedrock:us-west-2:1:inference-profile/x"}, "https://bucket.s3.us-west-2.amazonaws.com/runs/our-key.jsonl"),
        ({"batch_uri": "s3://my.bucket/a b".replace(" ", "'")}, "https://s3.us-east-1.amazonaws.com/my.bucket/a%27b/our-key.jsonl"),
        ({"batch_uri": "s3://bucket/"}, "https://bucket.s3.us-east-1.amazonaws.com/our-key.jsonl"),
        ({"storage_endpoint": "http://127.0.0.1:9000/"}, "http://127.0.0.1:9000/bucket/runs/our-key.jsonl"),
    ],
)  # fmt: skip
def test_lines_of_bedrock_are_put_into_the_bucket(changes: dict[str, Any], url: str) -> None:
    config = config_of("bedrock", **changes)
    step = upload("bedrock", config)
    data = LINE + b"\n" + LINE + b"\n"
    headers = (
        ("x-amz-content-sha256", sha256(data).hexdigest()),
        ("content-type", "application/jsonl"),
    )
    folder = (config.batch_uri or "").rstrip("/")
    expected = TransferRequest(request=HttpRequest("PUT", url, headers, data), file_id=f"{folder}/our-key.jsonl")  # fmt: skip
    assert step == expected


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://bedrock.us-east-1.amazonaws.com/model-invocation-job"),
        ({"region_name": "eu-west-3"}, "https://bedrock.eu-west-3.amazonaws.com/model-invocation-job"),
        ({"base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com"}, "https://bedrock.eu-west-1.amazonaws.com/model-invocation-job"),
        ({"base_url": "https://proxy.test/bedrock-runtime"}, "https://proxy.test/bedrock-runtime/model-invocation-job"),
    ],
)  # fmt: skip
def test_jobs_of_bedrock_are_at_its_control_plane(changes: dict[str, Any], url: str) -> None:
    job = BatchInput(key="k", model="m", file_id="s3://bucket/runs/k.jsonl")
    assert api_of("bedrock").create(config_of("bedrock", **changes), job).unwrap().url == url


def test_a_job_of_bedrock_is_one_that_its_service_model_takes() -> None:
    model = botocore.session.get_session().get_service_model("bedrock")
    shape: Any = model.operation_model("CreateModelInvocationJob").input_shape
    for name, invocation in (("bedrock", "Converse"), ("bedrock_invoke", "InvokeModel")):
        body = create(name, config_of(name), "s3://bucket/runs/our-key.jsonl")
        assert ParamValidator().validate(body, shape).generate_report() == ""
        assert set(body) <= set(shape.members)
        assert body == {
            "jobName": "our-key",
            "clientRequestToken": "our-key",
            "roleArn": ROLE,
            "modelId": config_of(name).model,
            "modelInvocationType": invocation,
            "inputDataConfig": {
                "s3InputDataConfig": {
                    "s3InputFormat": "JSONL",
                    "s3Uri": "s3://bucket/runs/our-key.jsonl",
                }
            },
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://bucket/runs/our-key-results/"}},
        }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "model", "path"),
    [
        ("vertex", "gemini-x", "publishers/google/models/gemini-x"),
        ("vertex", "publishers/google/models/gemini-x", "publishers/google/models/gemini-x"),
        ("vertex_anthropic", "claude-x@1", "publishers/anthropic/models/claude-x@1"),
        ("vertex_anthropic", "publishers/anthropic/models/c", "publishers/anthropic/models/c"),
    ],
)
def test_a_job_of_vertex_is_one_that_its_package_knows(name: str, model: str, path: str) -> None:
    body = create(name, config_of(name, model=model), "gs://bucket/runs/our-key.jsonl")
    assert body == {
        "displayName": "our-key",
        "model": path,
        "inputConfig": {
            "instancesFormat": "jsonl",
            "gcsSource": {"uris": ["gs://bucket/runs/our-key.jsonl"]},
        },
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": "gs://bucket/runs/our-key-results/"},
        },
    }
    source, target = body["inputConfig"], body["outputConfig"]
    genai_types.BatchJobSource(
        format=source["instancesFormat"], gcs_uri=source["gcsSource"]["uris"]
    )
    genai_types.BatchJobDestination(format=target["predictionsFormat"], gcs_uri=target["gcsDestination"]["outputUriPrefix"])  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "host"),
    [
        ({}, "https://aiplatform.googleapis.com/v1/projects/p1/locations/global"),
        ({"location": "us-central1"}, "https://us-central1-aiplatform.googleapis.com/v1/projects/p1/locations/us-central1"),
        ({"location": "eu", "api_version": "v1beta1"}, "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p1/locations/eu"),
        ({"base_url": "http://127.0.0.1:8080/x"}, "http://127.0.0.1:8080/x/v1/projects/p1/locations/global"),
    ],
)  # fmt: skip
def test_jobs_of_vertex_are_of_a_project_and_a_location(changes: dict[str, Any], host: str) -> None:
    api, config = api_of("vertex"), config_of("vertex", **changes)
    assert api.list_jobs(config, "").unwrap().url == f"{host}/batchPredictionJobs?pageSize=100"
    name = "projects/9/locations/us/batchPredictionJobs/7"
    root = host.partition("/projects/")[0]
    assert api.poll(config, name).unwrap().url == f"{root}/{name}"
    assert api.cancel is not None
    assert api.cancel(config, name).unwrap().url == f"{root}/{name}:cancel"


def test_objects_of_cloud_storage_are_uploaded_listed_read_and_deleted() -> None:
    api, config = api_of("vertex"), config_of("vertex")
    store = "https://storage.googleapis.com"
    step = upload("vertex", config)
    assert step.file_id == "gs://bucket/runs/our-key.jsonl"
    assert (step.request.method, step.request.url, step.request.body) == (
        "POST",
        f"{store}/upload/storage/v1/b/bucket/o?uploadType=media&name=runs%2Four-key.jsonl",
        LINE + b"\n" + LINE + b"\n",
    )
    known = BatchJob(id="projects/1/locations/us/batchPredictionJobs/2", state="completed", input_file="gs://bucket/a/b.jsonl")  # fmt: skip
    listed = api.results(config, known, "folder:gs://bucket/a/out").unwrap()
    assert listed.url == f"{store}/storage/v1/b/bucket/o?prefix=a%2Fout%2F"
    assert api.build_parts is not None
    body = {"items": [{"name": "a/out/info.txt"}, {"name": "a/out/p 1.jsonl"}, {}], "nextPageToken": "t/2#"}  # fmt: skip
    response = HttpResponse(200, (), msgspec.json.encode(body))
    parts = api.build_parts(config, known, "folder:gs://bucket/a/out", response).unwrap()
    assert [(part.request.url, part.authorize) for part in parts.requests] == [
        (f"{store}/storage/v1/b/bucket/o/a%2Fout%2Fp%201.jsonl?alt=media", True)
    ]
    following = api.results(config, known, parts.next_page).unwrap().url
    assert following == f"{store}/storage/v1/b/bucket/o?prefix=a%2Fout%2F&pageToken=t%2F2%23"
    assert api.delete is not None
    assert [(one.method, one.url) for one in api.delete(config, known).unwrap()] == [
        ("DELETE", f"{store}/storage/v1/b/bucket/o/a%2Fb.jsonl"),
        ("DELETE", "https://aiplatform.googleapis.com/v1/projects/1/locations/us/batchPredictionJobs/2"),
    ]  # fmt: skip


def test_what_bedrock_has_written_is_read_and_deleted() -> None:
    api, config = api_of("bedrock"), config_of("bedrock")
    arn = "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abc123"
    job = job_of(
        "bedrock", jobArn=arn, status="Completed", jobName="our-key",
        inputDataConfig={"s3InputDataConfig": {"s3Uri": "s3://bucket/runs/k.jsonl"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": "s3://bucket/runs/k-results/"}},
    )  # fmt: skip
    output = "s3://bucket/runs/k-results/abc123/k.jsonl.out"
    assert (job.pages, job.output_file, job.key) == ((f"file:{output}",), output, "our-key")
    host = "https://bucket.s3.us-east-1.amazonaws.com/runs"
    got = api.results(config, job, job.pages[0]).unwrap()
    empty = (("x-amz-content-sha256", sha256(b"").hexdigest()),)
    assert got == HttpRequest("GET", f"{host}/k-results/abc123/k.jsonl.out", empty, b"")
    assert api.delete is not None
    assert [(one.method, one.url) for one in api.delete(config, job).unwrap()] == [
        ("DELETE", f"{host}/k.jsonl"),
        ("DELETE", f"{host}/k-results/abc123/k.jsonl.out"),
        ("DELETE", f"{host}/k-results/abc123/manifest.json.out"),
    ]
    poll = api.poll(config, arn).unwrap().url
    assert poll.endswith("/model-invocation-job/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Amodel-invocation-job%2Fabc123")  # fmt: skip


@examples(60)
@given(
    method=st.sampled_from(["GET", "PUT", "DELETE"]),
    path=st.lists(st.sampled_from(["a", "b%20c", "%27", "..", ".", "", "~x", "é".encode().hex(), "a%2Fb"]), max_size=4),
    query=st.sampled_from(["", "list-type=2&prefix=a%2Fb", "x", "b=2&a=1"]),
    body=st.binary(max_size=20),
    token=st.sampled_from([None, "TOKENEXAMPLE=="]),
)  # fmt: skip
def test_a_signature_for_s3_is_botocores(
    method: str, path: list[str], query: str, body: bytes, token: str | None
) -> None:
    url = f"https://bucket.s3.eu-west-1.amazonaws.com/{'/'.join(path)}{query and '?' + query}"
    headers = (("x-amz-content-sha256", sha256(body).hexdigest()), ("content-type", "a/b"))
    theirs = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    with patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        S3SigV4Auth(Credentials("AKIDEXAMPLE", "secret", token), "s3", "eu-west-1").add_auth(theirs)
    keys = AwsCredentials(access_key="AKIDEXAMPLE", secret_key="secret", session_token=token)
    ours = sign(HttpRequest(method, url, headers, body), keys, region="eu-west-1", service="s3", now=NOW)  # fmt: skip
    assert get_header(ours.headers, "authorization") == theirs.headers["authorization"]


def test_requests_to_fireworks_are_below_the_account() -> None:
    api = api_of("fireworks")
    for base_url in (None, "https://api.fireworks.ai", "https://api.fireworks.ai/inference/v1", "https://api.fireworks.ai/v1/"):  # fmt: skip
        config = config_of("fireworks", base_url=base_url)
        assert api.list_jobs(config, "t").unwrap().url == "https://api.fireworks.ai/v1/accounts/account-1/batchInferenceJobs?pageSize=200&pageToken=t"  # fmt: skip
    job = BatchInput(key="our-key", model="m", file_id="our-key")
    request = api.create(config_of("fireworks", account_id="accounts/account-1"), job).unwrap()
    assert request.url == "https://api.fireworks.ai/v1/accounts/account-1/batchInferenceJobs?batchInferenceJobId=our-key"  # fmt: skip
    assert msgspec.json.decode(request.body) == {
        "displayName": "our-key",
        "model": "m",
        "inputDatasetId": "accounts/account-1/datasets/our-key",
    }


READY, WAITING = b'{"name":"d","state":"READY"}', b'{"name":"d","state":"UPLOADING"}'


@pytest.mark.parametrize(
    ("phase", "status", "body", "after"),
    [
        ("", 200, WAITING, "send"),
        ("", 409, b'{"code":6,"message":"exists"}', "look"),
        ("look", 200, WAITING, "send"),
        ("look", 200, READY, "done"),
        ("send", 200, b'{"id":"accounts/a/datasets/d"}', "check"),
        ("check", 200, WAITING, "check"),
        ("check", 200, READY, "done"),
        ("check", 200, b'{"state":"FAILED","status":{"message":"bad"}}', InvalidRequest),
        ("", 400, b'{"code":3,"message":"example_count is required"}', InvalidRequest),
        ("send", 409, b'{"code":6,"message":"exists"}', ServerError),  # from the start again
        ("look", 404, b'{"code":5,"message":"resource not found"}', NotFound),
    ],
)
def test_the_upload_to_fireworks(phase: str, status: int, body: bytes, after: Any) -> None:
    api = api_of("fireworks")
    assert api.parse_upload is not None
    state = UploadState(phase=phase, file_id="our-key")
    result = api.parse_upload(HttpResponse(status, (), body), state)
    if isinstance(after, str):
        expected = UploadState(done=after == "done", phase="" if after == "done" else after, file_id="our-key")  # fmt: skip
        assert result.unwrap() == expected
    else:
        assert type(result.failure()) is after


@pytest.mark.parametrize(
    ("phase", "method", "path"),
    [
        ("", "POST", "/datasets"), ("look", "GET", "/datasets/our-key"), ("check", "GET", "/datasets/our-key"),
        ("send", "POST", "/datasets/our-key:upload"),
    ],
)  # fmt: skip
def test_a_dataset_is_created_sent_and_looked_at(phase: str, method: str, path: str) -> None:
    step = upload("fireworks", config_of("fireworks"), UploadState(phase=phase, file_id="our-key"))
    assert (step.request.method, step.file_id, step.authorize) == (method, "our-key", True)
    assert step.request.url == f"https://api.fireworks.ai/v1/accounts/account-1{path}"
    assert (LINE in step.request.body) == (phase == "send")
    if not phase:
        fields = {"userUploaded": {}, "exampleCount": "2"}
        assert msgspec.json.decode(step.request.body) == {"datasetId": "our-key", "dataset": fields}


def test_signed_urls_get_no_key_and_are_never_shown() -> None:
    api, config = api_of("fireworks"), config_of("fireworks", api_key="k-0123456789")
    assert api.build_parts is not None
    job = job_of("fireworks", name="accounts/account-1/batchInferenceJobs/j", state="JOB_STATE_COMPLETED", outputDatasetId="accounts/account-1/datasets/out")  # fmt: skip
    assert job.pages == ("file:out",)
    first = api.results(config, job, "file:out").unwrap()
    assert (first.body, first.url) == (b"", "https://api.fireworks.ai/v1/accounts/account-1/datasets/out:getDownloadEndpoint")  # fmt: skip
    urls = {"dataset/out/x.jsonl": "https://s.test/x?X-Goog-Signature=abcdef0123", "odd": 7, "file": "file:///etc/passwd"}  # fmt: skip
    response = HttpResponse(200, (), msgspec.json.encode({"filenameToSignedUrls": urls}))
    parts = api.build_parts(config, job, "file:out", response).unwrap()
    assert [(part.request.url, part.authorize) for part in parts.requests] == [("https://s.test/x?X-Goog-Signature=abcdef0123", False)]  # fmt: skip
    assert "abcdef0123" not in repr(parts)


# Lines and results

MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}  # fmt: skip
CONVERSE = {"output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}}, "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}  # fmt: skip
GEMINI = {"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}]}  # fmt: skip
CHAT = {"id": "c", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}  # fmt: skip
LABELS = {"request": {"labels": {"llm_pure_row": "a", "team": "x"}}}


@pytest.mark.parametrize(
    ("name", "row", "outcome"),
    [
        ("bedrock", {"recordId": "a", "modelInput": {}, "modelOutput": CONVERSE}, "hi"),
        ("bedrock_invoke", {"recordId": "a", "modelInput": {}, "modelOutput": MESSAGE}, "hi"),
        ("bedrock", {"recordId": "a", "error": {"errorCode": 400, "errorMessage": "bad"}}, (InvalidRequest, "bad")),
        ("bedrock", {"recordId": "a", "error": {"errorCode": "429", "errorMessage": "slow"}}, (RateLimited, "slow")),
        ("bedrock", {"recordId": "a", "error": {"errorCode": "ServiceUnavailableException", "errorMessage": "x"}}, (Overloaded, "x")),
        ("bedrock_invoke", {"recordId": "a", "error": {"errorCode": 503, "errorMessage": "x"}}, (Overloaded, "x")),
        ("bedrock", {"recordId": "a", "error": {"errorMessage": "odd"}}, (ServerError, "odd")),
        ("bedrock", {"recordId": "a"}, "unreadable"),
        ("vertex", {**LABELS, "status": "", "response": GEMINI}, "hi"),
        ("vertex", {**LABELS, "status": 'Bad Request: {"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}', "response": {}}, (InvalidRequest, "bad")),
        ("vertex", {**LABELS, "status": "Too Many Requests: wait"}, (RateLimited, "Too Many Requests: wait")),
        ("vertex", {**LABELS, "status": "RESOURCE_EXHAUSTED"}, (RateLimited, "RESOURCE_EXHAUSTED")),
        ("vertex", {**LABELS, "status": "odd {"}, (ServerError, "odd {")),
        ("vertex", {**LABELS, "status": "", "response": {}}, "unreadable"),
        ("vertex_anthropic", {"custom_id": "a", "status": "", "response": MESSAGE}, "hi"),
        ("vertex_anthropic", {"custom_id": "a", "status": 'Bad Request: {"type":"error","error":{"type":"invalid_request_error","message":"bad"}}', "response": {}}, (InvalidRequest, "bad")),
        ("vertex_anthropic", {"custom_id": "a", "status": 'x {"error":{"code":"503","message":"later"}}'}, (Overloaded, "later")),
        ("fireworks", {"custom_id": "a", "response": CHAT}, "hi"),
        ("fireworks", {"custom_id": "a", "response": {"status_code": 200, "body": CHAT}}, "hi"),
        ("fireworks", {"custom_id": "a", "error": {"message": "bad", "code": "INVALID_ARGUMENT"}}, (InvalidRequest, "bad")),
        ("fireworks", {"custom_id": "a", "error": "broken"}, (ServerError, "broken")),
        ("fireworks", {"custom_id": "a", "error": {"code": 8, "message": "slow"}}, (RateLimited, "slow")),
        ("fireworks", {"custom_id": "a"}, "unreadable"),
    ],
)  # fmt: skip
def test_results(name: str, row: Any, outcome: Any) -> None:
    assert ended(name, row) == outcome
    assert [result.custom_id for result in read(name, row)] == ["a"]


def test_the_id_of_a_line_of_gemini_is_a_label_beside_others() -> None:
    api, config = api_of("vertex"), config_of("vertex")
    request = ChatRequest(messages="hi", metadata={"team": "x"})
    line = api.build_line(config, "row_1-a", request).unwrap()
    labels = msgspec.json.decode(line.data)["request"]["labels"]
    assert labels == {"team": "x", "llm_pure_row": "row_1-a"}
    for bad in ("Row", "a.b", "", "x" * 64, "é"):
        assert isinstance(api.build_line(config, bad, request).failure(), InvalidRequest)


def test_a_batch_by_converse_takes_no_tools_and_one_by_invoke_does() -> None:
    tools = (Tool(name="t", parameters={"type": "object", "properties": {}}),)
    request = ChatRequest(messages="hi", tools=tools)
    refused = api_of("bedrock").build_line(config_of("bedrock"), "a", request).failure()
    assert isinstance(refused, UnsupportedFeature)
    assert "bedrock_invoke" in refused.message
    line = api_of("bedrock_invoke").build_line(config_of("bedrock_invoke"), "a", request).unwrap()
    assert msgspec.json.decode(line.data)["modelInput"]["tools"][0]["name"] == "t"


def test_what_would_be_a_header_has_no_place_in_a_line() -> None:
    request = ChatRequest(messages="hi", service_tier="flex")
    error = api_of("bedrock_invoke").build_line(config_of("bedrock_invoke"), "a", request).failure()  # fmt: skip
    assert isinstance(error, UnsupportedFeature)
    assert "x-amzn-bedrock-service-tier" in error.message
    beta = ChatRequest(messages="hi", headers={"anthropic-beta": "x-2026"})
    config = config_of("vertex_anthropic")
    assert isinstance(api_of("vertex_anthropic").build_line(config, "a", beta).failure(), UnsupportedFeature)  # fmt: skip


# Jobs

_S3 = {
    "inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://b/i.jsonl"}},
    "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://b/o"}},
}


@pytest.mark.parametrize(
    ("status", "counts", "state", "read_pages"),
    [
        (None, {}, "waiting", 0), ("Submitted", {}, "waiting", 0), ("Validating", {}, "waiting", 0), ("Scheduled", {}, "waiting", 0),
        ("InProgress", {}, "running", 0), ("Stopping", {}, "cancelling", 0), ("Completed", {}, "completed", 1),
        ("Completed", {"processedRecordCount": 0}, "completed", 1), ("PartiallyCompleted", {}, "completed", 1),
        ("Failed", {}, "failed", 0), ("Failed", {"processedRecordCount": 0}, "failed", 0), ("Failed", {"processedRecordCount": 7}, "failed", 1),
        ("Stopped", {}, "cancelled", 1), ("Stopped", {"processedRecordCount": 0}, "cancelled", 0), ("Expired", {}, "expired", 0),
        ("Odd", {}, "unknown", 0),
    ],
)  # fmt: skip
def test_jobs_of_bedrock(status: Any, counts: Any, state: str, read_pages: int) -> None:
    job = job_of("bedrock", jobArn="arn:x/j1", **({"status": status} if status else {}), message="m", **counts, **_S3)  # fmt: skip
    assert (job.id, job.state, len(job.pages)) == ("arn:x/j1", state, read_pages)
    assert [error.message for error in job.errors] == ([] if state == "completed" else ["m"])


@pytest.mark.parametrize(
    ("word", "state", "folder"),
    [
        ("QUEUED", "waiting", ""), ("PENDING", "waiting", ""), ("RUNNING", "running", ""), ("UPDATING", "running", ""),
        ("CANCELLING", "cancelling", ""), ("PAUSED", "waiting", ""), ("SUCCEEDED", "completed", "gs://b/o/p"),
        ("PARTIALLY_SUCCEEDED", "completed", "gs://b/o/p"), ("EXPIRED", "expired", "gs://b/o/p"),
        ("CANCELLED", "cancelled", "gs://b/o/p"), ("FAILED", "failed", "gs://b/o/p"),
    ],
)  # fmt: skip
def test_jobs_of_vertex(word: str, state: str, folder: str) -> None:
    raw = {
        "name": "projects/1/locations/us/batchPredictionJobs/2", "displayName": "k", "state": f"JOB_STATE_{word}",
        "completionStats": {"successfulCount": "3", "failedCount": 1}, "createTime": "2026-11-30T00:00:00Z",
        "inputConfig": {"gcsSource": {"uris": ["gs://b/i.jsonl"]}},
    }  # fmt: skip
    job = job_of("vertex", **raw, outputInfo={"gcsOutputDirectory": "gs://b/o/p"})
    assert (job.state, job.key, job.input_file) == (state, "k", "gs://b/i.jsonl")
    assert job.pages == ((f"folder:{folder}",) if folder else ())
    assert (job.counts.total, job.counts.succeeded, job.counts.failed) == (4, 3, 1)
    assert (
        job.created_s is None
    )  # the order of a list is not known, so no page of it may end the search
    aside = job_of("vertex", **raw, outputConfig={"gcsDestination": {"outputUriPrefix": "gs://b/o/"}})  # fmt: skip
    assert aside.pages == (("folder:gs://b/o/",) if folder else ())


@pytest.mark.parametrize(
    ("word", "state", "pages"),
    [
        ("VALIDATING", "waiting", 0), ("CREATING_INPUT_DATASET", "waiting", 0), ("RUNNING", "running", 0), ("WRITING_RESULTS", "running", 0),
        ("COMPLETED", "completed", 1), ("EARLY_STOPPED", "completed", 1), ("EXPIRED", "expired", 1), ("FAILED", "failed", 0),
        ("DELETING_CLEANING_UP", "cancelled", 1), ("ARCHIVED", "cancelled", 1), ("UNSPECIFIED", "waiting", 0),
    ],
)  # fmt: skip
def test_jobs_of_fireworks(word: str, state: str, pages: int) -> None:
    job = job_of(
        "fireworks", name="accounts/a/batchInferenceJobs/j1", state=f"JOB_STATE_{word}", displayName="",
        status={"code": "INVALID_ARGUMENT", "message": "bad"} if word == "FAILED" else {"code": "OK", "message": ""},
        inputDatasetId="accounts/a/datasets/in", outputDatasetId="accounts/a/datasets/out",
        jobProgress={"totalInputRequests": 1, "totalProcessedRequests": 3, "failedRequests": 1},
    )  # fmt: skip
    assert (job.id, job.key, job.state, len(job.pages)) == ("j1", "j1", state, pages)
    assert (job.counts.total, job.counts.pending, job.counts.failed) == (3, 0, 1)
    assert [error.message for error in job.errors] == (["bad"] if word == "FAILED" else [])


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (404, b"<Error><Code>NoSuchKey</Code><Message>no key</Message></Error>", NotFound, "no key"),
        (403, b"<?xml?><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>", AuthenticationFailed, "m"),
        (503, b"<Error><Code>SlowDown</Code><Message>slow</Message></Error>", Overloaded, "slow"),
        (500, b"", ServerError, None),
    ],
)  # fmt: skip
def test_errors_of_s3_are_xml(status: int, body: bytes, kind: type, message: str | None) -> None:
    api = api_of("bedrock")
    assert api.parse_upload is not None
    response = HttpResponse(status, (), body)
    error = api.parse_upload(response, UploadState(file_id="s3://b/k")).failure()
    page = api.read_results(BatchJob(id="j", state="cancelled"), "file:s3://b/k", response)
    for one in (error, page.error):
        assert one is not None
        assert type(one) is kind
        assert message is None or one.message == message
    done = api.parse_upload(HttpResponse(200, (), b""), UploadState(file_id="s3://b/k")).unwrap()
    assert done == UploadState(done=True, file_id="s3://b/k")


def test_single_calls_at_arks_batch_price_have_their_own_path() -> None:
    config = LLMConfig(api_type="ark", model="ep-bi-1", base_url="https://ark.cn-beijing.volces.com/api/v3/batch", timeout=86400)  # fmt: skip
    built = registry.get("ark").unwrap().build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert built.request.url == "https://ark.cn-beijing.volces.com/api/v3/batch/chat/completions"


NOWHERE: dict[str, tuple[str, HttpResponse]] = {
    "bedrock": ("file:s3://b/o", HttpResponse(404, (), b"<Error><Code>NoSuchKey</Code></Error>")),
    "vertex": ("folder:gs://b/o", HttpResponse(200, (), b'{"kind":"storage#objects"}')),
    "fireworks": ("file:out", HttpResponse(404, (), b'{"code":5,"message":"resource not found"}')),
}
"""A page of results that are not there, and the response."""


@pytest.mark.parametrize("name", list(NOWHERE))
@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_paid_results_that_are_not_there_are_an_error_and_no_reason_to_pay_again(
    name: str, state: BatchState
) -> None:
    page, response = NOWHERE[name]
    api, job = api_of(name), BatchJob(id="j", state=state)
    error = api.read_results(job, page, response).error
    if api.build_parts is not None:
        parts = api.build_parts(config_of(name), job, page, response)
        error = parts.failure() if isinstance(parts, Failure) else None
    assert isinstance(error, ProtocolError) == (state == "completed")
    assert error is None or error.retryable is False


# Over HTTP


@pytest.mark.parametrize("shape", list(STORAGE_ROUTES))
def test_a_run_goes_over_http_leaves_no_secret_in_its_folder_and_is_cleaned(
    shape: str, tmp_path: Path
) -> None:
    name, path = API_TYPES[shape]
    with serve_batches(shape) as fake:
        fields = {"model": MODELS.get(shape, "some-model"), **storage_fields(shape, fake.url)}
        config = LLMConfig(api_type=name, api_key="k-0123456789", base_url=f"{fake.url}{path}", **fields)  # fmt: skip
        run = open_run(tmp_path / "run", [{"prompt": "row 0"}, {"prompt": "row 1"}], config=config, registry=small_jobs(name, inline=True)).unwrap()  # fmt: skip
        summary = run_provider(run, sleep=lambda seconds: None)
        assert (summary.reason, summary.counts.answered, summary.error) == ("finished", 2, None)
        assert [row.result.unwrap().text for row in run.results()] == [f"answer to row {number}" for number in range(2)]  # fmt: skip
        assert clean(run).reason == "finished"
        left = [name for name in fake.files if "-results/" not in name]
        assert left == []
        assert shape.startswith("vertex") == bool(fake.files)  # its results stay in the bucket
    kept = b"".join([file.read_bytes() for file in (tmp_path / "run").rglob("*") if file.is_file()])
    for secret in (b"k-0123456789", b"k-secret-0123456789", b"Signature="):
        assert secret not in kept


# Prices


@pytest.mark.parametrize(
    ("api_type", "model", "discount", "prices", "part"),
    [
        ("bedrock", "amazon.nova-lite-v1:0", 0.5, None, "0.5"),  # the table has no batch price
        ("fireworks", "accounts/fireworks/models/llama-v3p1-8b-instruct", 0.5, None, "0.5"),
        ("vertex_anthropic", "claude-sonnet-4-5@20250929", 0.5, None, "0.5"),
        ("vertex", "gemini-2.5-flash", 0.5, None, "0.5"),  # the table has one: not half of it
        ("openai", "gpt-4o-mini", 0.5, None, "0.5"),
        ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", None, None, "1"),
        ("bedrock", "own", 0.5, {"own": {"input": 2, "output": 4}}, "1"),  # the user's price is as it is
    ],
)  # fmt: skip
def test_an_answer_costs_the_batch_price_or_what_the_discount_leaves(
    api_type: str, model: str, discount: float | None, prices: Any, part: str
) -> None:
    fields = {**SETTINGS.get(api_type, {}), "model": model, "api_key": "k-0123456789"}
    config = LLMConfig(api_type=api_type, **fields)
    (target,) = load_targets((config,), registry, TransportSettings()).unwrap()
    completion = Completion(usage=Usage(1_000_000, 10_000))
    table = load_price_table(prices).unwrap()
    context = PricingContext(api_type=api_type)
    live = price_usage(table, context, (model,), completion.usage, NOW).unwrap().total_usd
    cost = BatchPrices(target, prices, discount).cost_usd(completion, model, NOW)
    assert (live > 0, cost) == (True, live * Decimal(part))
