"""Every service's BatchApi: lines, jobs, results, the odd cases of real services, and totality over any bytes."""

from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from llm_pure import ChatRequest, LLMConfig, Tool
from llm_pure.adapters import registry
from llm_pure.bulk.batch_job import is_certain
from llm_pure.core.batch_api import (
    MAX_ID_LENGTH,
    BatchApi,
    BatchInput,
    BatchJob,
    BatchResult,
    UploadState,
)
from llm_pure.core.batch_results import response_of
from llm_pure.core.provider import Provider
from llm_pure.types.config import Secret
from llm_pure.types.errors import (
    InvalidRequest,
    NotFound,
    ProtocolError,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from llm_pure.types.http import HttpRequest, HttpResponse, get_header
from llm_pure.types.result import Failure
from tests.support.laws import same_examples

NAMES = [name for name in registry.names() if registry.get(name).unwrap().batch is not None]
FIRST_WAVE = {
    "anthropic", "azure", "dashscope", "gemini", "groq", "mistral", "openai", "openrouter", "siliconflow", "together",
    "xai", "zai", "zhipuai",
}  # fmt: skip
KEY = "k-0123456789"
T = 1_800_000_000


def provider_of(name: str) -> Provider:
    return registry.get(name).unwrap()


def api_of(name: str) -> BatchApi:
    api = provider_of(name).batch
    assert api is not None
    return api


MODELS = {"bedrock_invoke": "anthropic.claude-haiku-4-5", "vertex_anthropic": "claude-haiku-4-5"}
_S3 = {"batch_uri": "s3://bucket/runs", "batch_role": "arn:aws:iam::123456789012:role/batches"}
_GCS = {"batch_uri": "gs://bucket/runs", "project": "project-1", "location": "us-central1"}
STORAGE: dict[str, dict[str, str]] = {
    "bedrock": _S3,
    "bedrock_invoke": _S3,
    "vertex": _GCS,
    "vertex_anthropic": _GCS,
    "fireworks": {"account_id": "account-1"},
}
"""What services with a bucket or an account are configured with besides."""


def config_of(name: str, **changes: Any) -> LLMConfig:
    base_url = None if provider_of(name).base_url else "https://resource.openai.azure.com"
    fields = {
        "model": MODELS.get(name, "some-model"),
        "base_url": base_url,
        **STORAGE.get(name, {}),
    }
    return LLMConfig(api_type=name, api_key=KEY, **{**fields, **changes})


def file_of(name: str, text: str) -> str:
    """An id of a file at this service."""
    return f"{config_of(name).batch_uri or ''}/{text}" if config_of(name).batch_uri else text


def page_of(name: str, text: str) -> str:
    """A page of results that is a file, or its folder."""
    return f"{'folder' if name.startswith('vertex') else 'file'}:{file_of(name, text)}"


def line_body(data: bytes) -> dict[str, Any]:
    """The model's request in a line."""
    line = msgspec.json.decode(data)
    body: dict[str, Any] = next(line[field] for field in ("body", "params", "request", "modelInput") if field in line)  # fmt: skip
    return body


def test_these_providers_have_batches() -> None:
    assert set(NAMES) >= FIRST_WAVE | set(STORAGE)


@pytest.mark.parametrize("name", NAMES)
def test_limits_have_a_source_and_a_date(name: str) -> None:
    limits = api_of(name).limits
    assert "2026-11-29" in limits.source
    assert limits.max_requests or limits.max_bytes
    assert limits.discount == (None if name == "together" else 0.5)  # "up to half, for some"


@pytest.mark.parametrize("name", NAMES)
def test_a_line_holds_what_build_chat_builds_unstreamed(name: str) -> None:
    provider, config = provider_of(name), config_of(name)
    request = ChatRequest(messages="hi", stream=True, max_tokens=7, temperature=0.5)
    line = api_of(name).build_line(config, "id-1", request).unwrap()
    alone = ChatRequest(messages="hi", stream=False, max_tokens=7, temperature=0.5)
    expected = msgspec.json.decode(provider.build_chat(config, alone).unwrap().request.body)
    if name in ("mistral", "fireworks"):
        del expected["model"]
    if name == "vertex":
        expected["labels"] = {"llm_pure_row": "id-1"}
    if name != "dashscope":  # its batches are of the compatible API
        assert line_body(line.data) == expected
    assert b'"stream"' not in line.data
    assert b"\n" not in line.data
    decoded = msgspec.json.decode(line.data)
    if name != "vertex":  # it is a label there
        assert next(decoded[field] for field in ("custom_id", "key", "recordId") if field in decoded) == "id-1"  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bedrock"])
def test_what_a_line_cannot_hold_is_an_adaptation_or_an_error(name: str) -> None:
    tool = Tool(name="a name that no service takes", parameters={"type": "object", "properties": {}})  # fmt: skip
    request = ChatRequest(messages="hi", tools=(tool,))
    line = api_of(name).build_line(config_of(name), "id-1", request).unwrap()
    assert list(line.tool_names.values()) == ["a name that no service takes"]
    broken = api_of(name).build_line(config_of(name), "id-1", ChatRequest(messages=()))
    assert isinstance(broken.failure(), InvalidRequest)


@pytest.mark.parametrize("name", NAMES)
def test_no_request_holds_a_key(name: str) -> None:
    api, config = api_of(name), config_of(name)
    line = api.build_line(config, "id-1", ChatRequest(messages="hi")).unwrap()
    first, second = file_of(name, "file-1"), file_of(name, "file-2")
    job = BatchInput(key="our-key", model="some-model", lines=(line.data,), file_id=first)
    known = BatchJob(id="job-1", state="completed", input_file=first, output_file=second)
    requests: list[HttpRequest] = [
        api.create(config, job).unwrap(),
        api.poll(config, "job-1").unwrap(),
        api.list_jobs(config, "").unwrap(),
        api.results(config, known, page_of(name, "file-2")).unwrap(),
    ]
    if api.upload is not None:
        requests.append(api.upload(config, job, UploadState()).unwrap().request)
    if api.cancel is not None:
        requests.append(api.cancel(config, "job-1").unwrap())
    if api.delete is not None:
        requests += api.delete(config, known).unwrap()
    for request in requests:
        assert KEY not in repr(request)
        assert KEY.encode() not in request.body
        assert KEY not in request.url
        assert all(KEY not in value for _, value in request.headers)
        assert request.url.startswith("https://")


@pytest.mark.parametrize("name", NAMES)
def test_our_key_is_in_the_create_where_the_service_keeps_one(name: str) -> None:
    api = api_of(name)
    job = BatchInput(key="our-key", model="m", lines=(b'{"custom_id":"a","body":{}}',), file_id="f")
    body = api.create(config_of(name), job).unwrap().body
    assert (b"our-key" in body or b'"f"' in body) == api.keeps_key


@pytest.mark.parametrize("name", NAMES)
def test_an_id_is_escaped_in_urls(name: str) -> None:
    api, config = api_of(name), config_of(name)
    for request in (api.poll(config, "a/b?c#d").unwrap(), api.results(config, BatchJob(id="a?b#c", state="completed"), page_of(name, "x?y")).unwrap()):  # fmt: skip
        assert "?c" not in request.url
        assert "#" not in request.url
        assert "?y" not in request.url


@pytest.mark.parametrize("name", NAMES)
@same_examples(
    10,
    status=st.sampled_from([200, 202, 302, 400, 404, 429, 500, 503]),
    body=st.binary(max_size=60),
)
def test_no_bytes_make_a_parser_raise(name: str, status: int, body: bytes) -> None:
    api = api_of(name)
    for data in (body, b'{"id":' + body, b"[" * 300 + body, b'{"data":[{"id":1}]}', b"null"):
        response = HttpResponse(status, (), data)
        api.parse_job(response)
        api.parse_list(response)
        if api.parse_upload is not None:
            for state in (UploadState(), UploadState(phase="put", file_id="f", url=Secret("https://x.test")), *[UploadState(phase=phase, file_id="f") for phase in ("check", "look", "send")]):  # fmt: skip
                api.parse_upload(response, state)
        for page in ("file:x", "inline", "page:", "results", "folder:gs://bucket/x"):
            job = BatchJob(id="j", state="completed")
            api.read_results(job, page, response)
            if api.build_parts is not None:
                api.build_parts(config_of(name), job, page, response)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "id", "name", "status", "state", "metadata", "errors", "error", "data", "results", "outputs", "response", "body",
            "custom_id", "key", "result", "type", "code", "message", "request_counts", "total", "created_at", "batch_id",
            "batch_request_id", "batch_result", "inlinedResponses", "output", "input_files", "usage", "cost", "output_file_id",
            "processing_status", "pagination_token", "status_code", "num_requests", "cost_breakdown", "total_cost_usd_ticks",
            "jobArn", "inputDataConfig", "s3InputDataConfig", "s3Uri", "recordId", "modelOutput", "errorCode", "request", "labels",
            "inputConfig", "gcsSource", "uris", "outputInfo", "gcsOutputDirectory", "completionStats", "successfulCount", "items",
            "nextPageToken", "filenameToSignedUrls", "jobProgress", "totalInputRequests", "outputDatasetId", "lifecycle",
        ]),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@same_examples(15, raw=values)
def test_no_json_makes_a_parser_raise(name: str, raw: Any) -> None:
    api = api_of(name)
    response = HttpResponse(200, (), msgspec.json.encode(raw))
    job = api.parse_job(response).value_or(None)
    api.parse_list(response)
    for page in ("file:x", "inline", "page:", "results"):
        read = api.read_results(job or BatchJob(id="j", state="completed"), page, response)
        for result in read.results:
            assert (result.response is not None) == (result.kind == "response")
            if result.response is not None:
                provider_of(name).parse_chat(result.response)


# Odd cases of ../shared/wire/batch.md 19, by number


def lines(*rows: Any, end: bytes = b"\n") -> bytes:
    return b"".join([msgspec.json.encode(row) + end for row in rows])


def good(custom_id: str, text: str = "hi") -> dict[str, Any]:
    body = {
        "id": "c", "object": "chat.completion", "model": "m", "created": 1,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }  # fmt: skip
    return {"custom_id": custom_id, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}  # fmt: skip


def read(data: bytes, name: str = "openai", page: str = "file:f", **headers: str) -> Any:
    response = HttpResponse(200, tuple(headers.items()), data)
    return api_of(name).read_results(BatchJob(id="j", state="completed"), page, response)


def ended(result: BatchResult, name: str = "openai") -> Any:
    """The completion's text, else the error."""
    if result.response is None:
        return result.error
    parsed = provider_of(name).parse_chat(result.response)
    return parsed.failure() if isinstance(parsed, Failure) else parsed.unwrap().text


def job(name: str = "openai", **fields: Any) -> BatchJob:
    raw = {"id": "batch_1", "object": "batch", "status": "completed", "created_at": T, **fields}
    return api_of(name).parse_job(HttpResponse(200, (), msgspec.json.encode(raw))).unwrap()


@pytest.mark.parametrize(
    ("fields", "pages"),
    [
        ({"output_file_id": None, "error_file_id": "file-e"}, ("file:file-e",)),  # 1
        ({"output_file_id": "file-o", "error_file_id": ""}, ("file:file-o",)),  # 2
        ({"output_file_id": "file-o"}, ("file:file-o",)),
        ({"output_file_id": "file-o", "error_file_id": "file-e"}, ("file:file-o", "file:file-e")),
        ({"status": "expired", "output_file_id": "file-o"}, ("file:file-o",)),  # 5
        ({"status": "cancelled", "output_file_id": "file-o"}, ("file:file-o",)),  # 6
        ({"status": "in_progress", "output_file_id": "file-o"}, ()),
        ({"status": "failed"}, ()),
    ],
)
def test_the_files_of_an_ended_job_are_its_pages(fields: dict[str, Any], pages: tuple[str, ...]) -> None:  # fmt: skip
    assert job(**fields).pages == pages


def test_an_empty_error_file_has_no_results() -> None:  # 2
    page = read(b"", **{"content-length": "0"})
    assert (page.results, page.error) == ((), None)


def test_results_keep_the_order_of_the_file() -> None:  # 3
    page = read(lines(good("b"), good("a")))
    assert [result.custom_id for result in page.results] == ["b", "a"]


@pytest.mark.parametrize(
    ("response", "error", "kind"),
    [
        ({"status_code": 200, "body": {"error": {"message": "no", "type": "server_error"}}}, None, ServerError),
        ({"status_code": 0, "body": None}, None, ServerError),
        ({"status_code": 500, "body": "<html>oh</html>"}, None, ServerError),
        ({"status_code": 400, "body": {"error": {"message": "bad", "type": "invalid_request_error"}}}, None, InvalidRequest),
        ({"status_code": 429, "body": {"error": {"message": "slow"}}}, None, RateLimited),
        ({"status_code": "404", "body": {"error": {"message": "no model"}}}, None, NotFound),
        ({"status_code": 200, "body": None}, {"message": "odd"}, ServerError),
        ({"status_code": 200, "body": {}}, None, ProtocolError),
    ],
)  # fmt: skip
def test_a_line_that_failed_has_the_error_of_its_kind(response: Any, error: Any, kind: type) -> None:  # 4  # fmt: skip
    (result,) = read(lines({"custom_id": "a", "response": response, "error": error})).results
    assert (result.custom_id, result.kind) == ("a", "response")
    assert isinstance(ended(result), kind)


def test_an_answer_beside_an_error_fails_with_the_answer_in_it() -> None:  # 4
    row = {**good("a", "paid"), "error": {"message": "late", "type": "server_error"}}
    (result,) = read(lines(row)).results
    error = ended(result)
    assert isinstance(error, ServerError)
    assert error.partial is not None
    assert error.partial.text == "paid"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "batch_expired", "message": "This request could not be executed before the completion window expired."}, "expired"),
        ({"code": "batch_cancelled", "message": "x"}, "cancelled"),
        ({"code": "other", "message": "x"}, "failed"),
        ("text", "failed"),
    ],
)  # fmt: skip
def test_a_line_that_was_not_run_has_no_response(error: Any, kind: str) -> None:  # 5, 6
    (result,) = read(lines({"custom_id": "a", "response": None, "error": error})).results
    assert (result.kind, result.response) == (kind, None)
    assert result.error is not None


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        (lines(good("a"), good("b")), ["a", "b"]),
        (lines(good("a"), good("b"))[:-1], ["a", "b"]),
        (lines(good("a"), good("b"), end=b"\r\n"), ["a", "b"]),
        (lines(good("a"), good("b"), end=b"\n\n"), ["a", "b"]),
        (b"\xef\xbb\xbf" + lines(good("a")), ["a"]),
        (lines(good("a"), good("a")), ["a", "a"]),  # 7
        (lines({"custom_id": None, "response": None, "error": {"message": "?"}}), [""]),
        (b"no json\n" + lines(good("b")), ["", "b"]),
        (b"[1]\n" + lines(good("b")), ["", "b"]),
        (lines({**good("a"), "custom_id": 7}), ["7"]),
    ],
)
def test_a_file_may_have_odd_lines(data: bytes, ids: list[str]) -> None:  # 7, 8
    page = read(data)
    assert [result.custom_id for result in page.results] == ids
    assert page.error is None


@pytest.mark.parametrize("name", ["openai", "anthropic", "vertex", "bedrock", "fireworks"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_last_line_that_is_json_but_no_result_is_no_cut(name: str, end: bytes) -> None:
    page = read(b'{"custom_id":"of-nobody","recordId":"of-nobody"}' + end, name, "file:f")
    kinds = [(result.custom_id, result.kind) for result in page.results]
    assert (kinds, page.error) == ([("of-nobody", "unreadable")], None)


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_cut_download_is_never_a_short_success(cut: int) -> None:  # 8
    data = lines(good("a"), good("b"))
    page = read(data[:-cut], **{"content-length": str(len(data))})
    assert isinstance(page.error, StreamInterrupted)
    assert [result.custom_id for result in page.results] == ["a"]


def test_a_file_that_ends_within_a_line_is_incomplete_also_without_a_length() -> None:
    page = read(lines(good("a"), good("b"))[:-9])
    assert isinstance(page.error, StreamInterrupted)
    assert [result.custom_id for result in page.results] == ["a"]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"id":null,"name":"","jobArn":null}', b'{"status":"queued"}']
)
@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("name", NAMES)
def test_a_job_without_an_id_is_an_error(name: str, status: int, body: bytes) -> None:
    error = api_of(name).parse_job(HttpResponse(status, (), body)).failure()
    assert not is_certain(error)  # there may be a job: it is looked for


@pytest.mark.parametrize("status", [404, 429, 500, 503])
@pytest.mark.parametrize("name", NAMES)
def test_a_failed_request_is_an_error_of_its_status(name: str, status: int) -> None:  # 9
    body = b'{"error":{"message":"no","type":"x","code":null}}'
    response = HttpResponse(status, (("retry-after", "7"),), body)
    api = api_of(name)
    known = BatchJob(id="j", state="completed")
    for error in (
        api.parse_job(response).failure(),
        api.parse_list(response).failure(),
        api.read_results(known, "file:f", response).error,
        api.read_results(known, "inline", response).error,
    ):
        assert error is not None
        assert error.status == status


def test_results_of_anthropic_need_no_results_url() -> None:  # 9
    raw = {"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended", "results_url": None}  # fmt: skip
    api = api_of("anthropic")
    parsed = api.parse_job(HttpResponse(200, (), msgspec.json.encode(raw))).unwrap()
    (page,) = parsed.pages
    request = api.results(config_of("anthropic"), parsed, page).unwrap()
    assert request.url == "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Validating", "waiting"), ("in_progress", "running"), ("finalizing", "running"), ("COMPLETED", "completed"),
        ("Cancelling", "cancelling"), ("canceled", "cancelled"), ("EXPIRED", "expired"), ("failed", "failed"),
        ("tired", "unknown"), ("", "unknown"), (None, "unknown"), (7, "unknown"),
    ],
)  # fmt: skip
def test_states_are_read_in_any_case(word: Any, state: str) -> None:  # 10
    assert job(status=word).state == state


@pytest.mark.parametrize("prefix", ["BATCH_STATE_", "JOB_STATE_"])
def test_gemini_has_two_prefixes_of_states(prefix: str) -> None:  # 10
    raw = {"name": "batches/1", "metadata": {"state": f"{prefix}SUCCEEDED", "batchStats": {"requestCount": "12"}}}  # fmt: skip
    parsed = api_of("gemini").parse_job(HttpResponse(200, (), msgspec.json.encode(raw))).unwrap()
    assert (parsed.state, parsed.counts.total) == ("completed", 12)


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        ({"total": 5}, 5), ({"total": "5"}, 5), ({"total": None}, None), ({}, None), (None, None), ("x", None),
        ({"total": 5, "completed": 9}, 5), ({"total": -1}, None), ({"total": True}, None), ([], None),
    ],
)  # fmt: skip
def test_counts_may_be_odd(counts: Any, total: int | None) -> None:  # 11
    assert job(request_counts=counts).counts.total == total


def test_a_full_queue_is_seen() -> None:  # 12
    errors = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": "full", "line": None}]}  # fmt: skip
    assert job(status="failed", errors=errors).queue_full
    errors["data"][0]["code"] = "invalid_json_line"  # type: ignore[index]
    assert not job(status="failed", errors=errors).queue_full


def test_a_file_that_is_not_there_yet_may_be_tried_again() -> None:
    body = b'{"error":{"message":"Cannot find file file-1","type":"invalid_request_error"}}'
    error = api_of("openai").parse_job(HttpResponse(400, (), body)).failure()
    assert isinstance(error, InvalidRequest)
    assert error.retryable


def test_a_refusal_in_a_line_is_a_completion() -> None:  # 14
    row = good("a", "")
    row["response"]["body"]["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "no"}  # fmt: skip
    (result,) = read(lines(row)).results
    assert result.response is not None
    completion = provider_of("openai").parse_chat(result.response).unwrap()
    assert completion.finish_reason == "refusal"


def test_a_line_without_usage_is_an_answer() -> None:  # 15
    row = good("a", "hi")
    del row["response"]["body"]["usage"]
    (result,) = read(lines(row)).results
    assert ended(result) == "hi"


def test_a_line_of_20_mb_is_read() -> None:  # 16
    text = "x" * 20_000_000
    (result,) = read(lines(good("a", text))).results
    assert ended(result) == text


@pytest.mark.parametrize("size", [1, 7, 64])
def test_results_are_the_same_at_any_split(size: int) -> None:
    data = lines(good("a"), {"custom_id": "b", "response": None, "error": {"code": "x"}}, good("c"))
    response = HttpResponse(200, (), data)
    api, known = api_of("openai"), BatchJob(id="j", state="completed")
    decoder = api.open_results(known, "file:f", response.head)
    results: list[BatchResult] = []
    for start in range(0, len(data), size):
        results += decoder.feed(data[start : start + size]).unwrap()
    results += decoder.close().unwrap()
    assert tuple(results) == api.read_results(known, "file:f", response).results


def test_a_failed_decoder_stays_failed() -> None:
    decoder = api_of("openai").open_results(
        BatchJob(id="j", state="completed"), "file:f", HttpResponse(200, (), b"").head
    )
    decoder.feed(b'{"custom_id": "a"')
    first = decoder.close().failure()
    assert decoder.feed(lines(good("a"))).failure() == first
    assert decoder.close().failure() == first


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"type": "succeeded", "message": {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}}, "hi"),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "invalid_request_error", "message": "bad"}, "request_id": "r"}}, InvalidRequest),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "api_error", "message": "bad"}}}, ServerError),
        ({"type": "canceled"}, "cancelled"),
        ({"type": "expired"}, "expired"),
        ({"type": "new"}, "unreadable"),
        (None, "unreadable"),
    ],
)  # fmt: skip
def test_results_of_anthropic(result: Any, text: Any) -> None:
    (row,) = read(lines({"custom_id": "a", "result": result}), "anthropic", "results").results
    assert row.custom_id == "a"
    if row.kind != "response":
        assert row.kind == text
    elif isinstance(text, str):
        assert ended(row, "anthropic") == text
    else:
        assert isinstance(ended(row, "anthropic"), text)


@pytest.mark.parametrize("code", [3, "3", 400, "400"])
def test_grpc_codes_of_gemini_become_statuses(code: Any) -> None:
    row = {"key": "a", "error": {"code": code, "message": "bad"}}
    (result,) = read(lines(row), "gemini").results
    error = ended(result, "gemini")
    assert isinstance(error, InvalidRequest)
    assert error.message == "bad"


def test_inline_results_of_gemini_may_be_nested_twice() -> None:
    inner = [{"metadata": {"key": "a"}, "response": {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}]}}]  # fmt: skip
    for output in ({"inlinedResponses": inner}, {"inlinedResponses": {"inlinedResponses": inner}}):
        for raw in ({"response": output}, {"metadata": {"output": output}}):
            body = msgspec.json.encode({"name": "batches/1", **raw})
            (result,) = read(body, "gemini", "inline").results
            assert (result.custom_id, ended(result, "gemini")) == ("a", "hi")


def test_the_upload_of_together_goes_to_a_signed_url_without_the_key() -> None:
    api, config = api_of("together"), config_of("together")
    assert api.upload is not None
    assert api.parse_upload is not None
    job_input = BatchInput(key="k", model="m", lines=(b'{"a":1}',))
    first = api.upload(config, job_input, UploadState()).unwrap()
    assert b'{"a":1}' not in first.request.body
    location = "https://bucket.test/x?signature=abc"
    headers = (("location", location), ("x-together-file-id", "file-1"))
    state = api.parse_upload(HttpResponse(302, headers, b""), UploadState()).unwrap()
    assert "abc" not in repr(state)
    put = api.upload(config, job_input, state).unwrap()
    assert (put.authorize, put.request.method, put.request.url) == (False, "PUT", location)
    assert put.request.body == b'{"a":1}\n'
    state = api.parse_upload(HttpResponse(200, (), b""), state).unwrap()
    assert api.upload(config, job_input, state).unwrap().request.url.endswith("/files/file-1/preprocess")  # fmt: skip
    done = api.parse_upload(HttpResponse(200, (), b"{}"), state).unwrap()
    assert (done.done, done.file_id) == (True, "file-1")
    known = api.parse_upload(HttpResponse(409, (), b'{"file_id":"file-0"}'), UploadState()).unwrap()
    assert (known.done, known.file_id) == (True, "file-0")


def test_azure_waits_until_its_file_is_processed() -> None:
    api = api_of("azure")
    assert api.upload is not None
    assert api.parse_upload is not None
    pending = HttpResponse(200, (), b'{"id":"file-1","status":"pending"}')
    state = api.parse_upload(pending, UploadState()).unwrap()
    assert (state.done, state.phase) == (False, "check")
    check = api.upload(config_of("azure"), BatchInput(key="k", model="m"), state).unwrap()
    assert (check.request.method, check.request.url) == ("GET", "https://resource.openai.azure.com/openai/v1/files/file-1")  # fmt: skip
    ready = HttpResponse(200, (), b'{"id":"file-1","status":"Processed"}')
    assert api.parse_upload(ready, state).unwrap().done
    broken = HttpResponse(200, (), b'{"id":"file-1","status":"error"}')
    assert isinstance(api.parse_upload(broken, state).failure(), InvalidRequest)


def test_the_upload_url_of_gemini_is_a_secret() -> None:
    api = api_of("gemini")
    assert api.upload is not None
    assert api.parse_upload is not None
    url = "https://host.test/upload?upload_id=abcdef"
    state = api.parse_upload(HttpResponse(200, (("x-goog-upload-url", url),), b""), UploadState()).unwrap()  # fmt: skip
    assert "abcdef" not in repr(state)
    job_input = BatchInput(key="k", model="m", lines=(b"{}",))
    send = api.upload(config_of("gemini"), job_input, state).unwrap()
    assert (send.authorize, send.request.url) == (False, url)
    assert get_header(send.request.headers, "x-goog-upload-command") == "upload, finalize"


@pytest.mark.parametrize("base_url", [None, "https://dashscope-intl.aliyuncs.com/api/v1", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"])  # fmt: skip
def test_batches_of_dashscope_are_of_the_compatible_api(base_url: str | None) -> None:
    config = LLMConfig(api_type="dashscope", model="m", api_key=KEY, base_url=base_url)
    url = api_of("dashscope").list_jobs(config, "").unwrap().url
    host = "dashscope.aliyuncs.com" if base_url is None else "dashscope-intl.aliyuncs.com"
    assert url == f"https://{host}/compatible-mode/v1/batches?limit=100"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'[{"id":"b1","status":"COMPLETED"}]', 1),
        (b'{"object":"list","data":[{"id":"b1","status":"completed"}],"has_more":false}', 1),
        (b'{"value":[{"id":"b1","status":"Completed"}]}', 1),
        (b'{"data":[]}', 0),
    ],
)
def test_lists_of_jobs_have_several_forms(body: bytes, count: int) -> None:
    page = api_of("azure").parse_list(HttpResponse(200, (), body)).unwrap()
    assert [job.state for job in page.jobs] == ["completed"] * count


def test_the_state_of_an_xai_job_is_in_its_counts() -> None:
    api = api_of("xai")

    def state(**fields: Any) -> str:
        counts = {f"num_{name}": value for name, value in fields.pop("counts", {}).items()}
        raw = {"batch_id": "b", "name": "k", "state": counts, **fields}
        return api.parse_job(HttpResponse(200, (), msgspec.json.encode(raw))).unwrap().state

    assert state(counts={}) == "waiting"
    assert state(counts={"requests": 2, "pending": 1}) == "running"
    assert state(counts={"requests": 2, "success": 2}) == "completed"
    assert state(counts={"requests": 2, "pending": 1}, cancel_time="2026-11-29") == "cancelling"
    assert state(counts={"requests": 2, "cancelled": 2}, cancel_time="2026-11-29") == "cancelled"
    assert state(counts={"requests": 2}, cancel_time="2026-11-29", cancel_by_xai_message="x") == "failed"  # fmt: skip


def test_the_cost_of_a_job_is_that_of_the_service() -> None:
    raw = {"batch_id": "b", "state": {}, "cost_breakdown": {"total_cost_usd_ticks": 12_500_000_000}}
    parsed = api_of("xai").parse_job(HttpResponse(200, (), msgspec.json.encode(raw))).unwrap()
    assert parsed.cost_usd == 1.25
    assert job("openrouter", usage={"cost": 0.25}).cost_usd == 0.25


def test_beta_features_of_a_request_are_headers_of_its_job() -> None:
    config = LLMConfig(api_type="anthropic", model="claude-sonnet-4-5", api_key=KEY)
    api = api_of("anthropic")
    request = ChatRequest(messages="hi", headers={"anthropic-beta": "output-300k-2026-03-24"})
    line = api.build_line(config, "a", request).unwrap()
    assert line.headers == (("anthropic-beta", "output-300k-2026-03-24"),)
    created = api.create(config, BatchInput(key="k", model="m", lines=(line.data,), headers=line.headers)).unwrap()  # fmt: skip
    assert get_header(created.headers, "anthropic-beta") == "output-300k-2026-03-24"
    assert get_header(created.headers, "anthropic-version") == "2023-06-01"


def test_our_ids_fit_every_service() -> None:
    assert len("0" * 32) <= MAX_ID_LENGTH


def test_a_body_is_sent_as_it_is() -> None:
    assert response_of(200, {"a": 1.0}).body == b'{"a":1.0}'
