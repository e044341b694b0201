"""`cassette check`: one record for each interaction, and an exit code that tells whether all was read."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpRequest, HttpResponse
from llm_pure.adapters import registry
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.checks.check import (
    check_interaction,
    check_paths,
    read_call,
    record_line,
    report_lines,
)
from llm_pure.replay.checks.check_record import (
    CheckedCall,
    CheckedError,
    CheckedUsage,
    CheckRecord,
    exit_code,
    record_json,
)

URL = "https://api.openai.com/v1/chat/completions"
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 7,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": [1]}'}}
CUT_CALL = {"id": "c2", "type": "function", "function": {"name": "g", "arguments": '{"a": '}}
WHOLE = {
    "id": "x",
    "object": "chat.completion",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "hï", "tool_calls": [CALL, CUT_CALL]},
        }
    ],
    "usage": USAGE,
}
CHUNKS = [
    {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "h"}}]},
    {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"content": "ï"}}]},
    {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"id": "x", "model": "m", "choices": [], "usage": USAGE},
]  # fmt: skip
STREAM = "".join([f"data: {json.dumps(chunk)}\n\n" for chunk in CHUNKS]) + "data: [DONE]\n\n"
READ = CheckRecord(
    provider="openai",
    operation="chat",
    outcome="completion",
    text="hï",
    reasoning="",
    finish_reason="stop",
    raw_finish_reason="stop",
    usage=CheckedUsage(input_tokens=10, output_tokens=7, cached_input_tokens=4, reasoning_tokens=2),
)


def answered(
    body: object, status: int = 200, kind: str = "application/json", url: str = URL
) -> Interaction:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Interaction(
        request=HttpRequest("POST", url, (), b"{}"),
        response=HttpResponse(status, (("content-type", kind),), data),
    )


def streamed(body: str) -> Interaction:
    return answered(body.encode(), kind="text/event-stream; charset=utf-8")


def check(interaction: Interaction) -> CheckRecord:
    return check_interaction(interaction, registry)


def test_a_whole_answer_is_read() -> None:
    assert check(answered(WHOLE)) == msgspec.structs.replace(
        READ,
        tool_calls=(CheckedCall("f", {"a": [1]}), CheckedCall("g", '{"a": ')),
        finish_reason="tool_calls",
        raw_finish_reason="tool_calls",
    )


def test_a_stream_is_read() -> None:
    assert check(streamed(STREAM)) == msgspec.structs.replace(READ, streamed=True)


def test_a_stream_is_known_by_its_bytes_where_the_header_was_lost() -> None:
    lost = answered(STREAM.encode(), kind="")
    assert check(lost) == msgspec.structs.replace(READ, streamed=True)


@pytest.mark.parametrize(
    ("interaction", "kind", "streamed_", "code"),
    [
        (answered({"error": {"message": "no", "code": "invalid_api_key"}}, 401), "authentication", False, 0),
        (answered({"error": {"message": "slow down"}}, 429), "rate_limited", False, 0),
        (answered(b"<html>Bad Gateway</html>", 502, "text/html"), "server_error", False, 0),
        (streamed('data: {"error": {"message": "overloaded", "code": 503}}\n\n'), "overloaded", True, 0),
        (answered(b"<html>hello</html>", 200, "text/html"), "protocol", False, 65),
        (answered(b'{"choices": [', 200), "protocol", False, 65),
        (streamed(STREAM[:150]), "stream_interrupted", True, 65),
        (streamed("data: {broken\n\n" + STREAM), "protocol", True, 65),
    ],
)  # fmt: skip
def test_an_error_that_was_told_is_read_and_bytes_that_say_nothing_are_not(
    interaction: Interaction, kind: str, streamed_: bool, code: int
) -> None:
    record = check(interaction)
    assert record.error is not None
    assert (record.outcome, record.error.kind, record.streamed) == ("error", kind, streamed_)
    assert exit_code([record]) == code


def test_a_stream_that_was_cut_shows_what_had_come() -> None:
    record = check(streamed(STREAM[:150]))
    assert (record.text, record.finish_reason) == ("h", "unknown")


def test_embeddings_are_read() -> None:
    body = {
        "object": "list",
        "model": "m",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    record = check(answered(body, url="https://api.openai.com/v1/embeddings"))
    assert (record.operation, record.outcome) == ("embed", "embedding")
    assert record.usage is not None
    assert record.usage.input_tokens == 3


def test_an_unknown_host_is_read_by_its_wire_shape() -> None:
    record = check(answered(WHOLE, url="http://10.0.0.7:9000/v1/chat/completions"))
    assert (record.provider, record.outcome, record.text) == ("open_llm", "completion", "hï")


def test_a_service_without_a_provider_of_its_own_is_read_by_its_wire_shape() -> None:
    few = msgspec.structs.replace(registry, entries={"open_llm": registry.entries["open_llm"]})
    record = check_interaction(
        answered(WHOLE, url="https://api.groq.com/openai/v1/chat/completions"), few
    )
    assert (record.provider, record.outcome) == ("open_llm", "completion")


def test_what_no_provider_reads_is_skipped_with_its_name() -> None:
    few = msgspec.structs.replace(registry, entries={"openai": registry.entries["openai"]})
    anthropic = answered({}, url="https://api.anthropic.com/v1/messages")
    assert check_interaction(anthropic, few) == CheckRecord(
        provider="anthropic",
        operation="chat",
        outcome="skipped",
        reason="provider anthropic is not in the registry",
    )


def test_a_provider_that_cannot_be_loaded_is_a_failure() -> None:
    broken = msgspec.structs.replace(registry, entries={"openai": "llm_pure.no_such_module"})
    record = check_interaction(answered(WHOLE), broken)
    assert record.error is not None
    assert "llm_pure.no_such_module" in record.error.message
    assert exit_code([record]) == 66


def test_what_is_no_model_call_is_skipped_with_a_reason() -> None:
    record = check(answered({}, url="https://api.openai.com/v1/files"))
    assert (record.outcome, record.reason) == ("skipped", "a file upload")


@pytest.mark.parametrize(
    ("interaction", "name", "is_stream"),
    [(answered(WHOLE), "openai", False), (streamed(STREAM), "openai", True)],
    ids=["whole", "stream"],
)
def test_who_reads_a_call_can_be_asked_alone(
    interaction: Interaction, name: str, is_stream: bool
) -> None:
    read = read_call(interaction, registry)
    assert read is not None
    assert (read.provider.name, read.operation, read.streamed) == (name, "chat", is_stream)


@pytest.mark.parametrize("url", ["https://api.openai.com/v1/files", "https://api.none/v2/chat"])
def test_nobody_reads_what_is_no_call_of_a_known_provider(url: str) -> None:
    few = msgspec.structs.replace(registry, entries={"openai": registry.entries["openai"]})
    assert read_call(answered({}, url=url), few) is None


@given(st.binary(max_size=200), st.sampled_from([200, 204, 301, 400, 500, 999]), st.booleans())
def test_no_body_makes_the_check_raise(body: bytes, status: int, stream: bool) -> None:
    kind = "text/event-stream" if stream else "application/json"
    record_json(check(answered(body, status, kind)))


@given(st.lists(st.sampled_from([*STREAM.splitlines(keepends=True), "data: {}\n\n", "x"])))
def test_no_order_of_events_makes_the_check_raise(lines: list[str]) -> None:
    record_json(check(streamed("".join(lines))))


def test_a_json_line_has_the_keys_that_were_promised() -> None:
    assert json.loads(record_json(check(answered(WHOLE)))) == {
        "file": "",
        "index": 0,
        "provider": "openai",
        "operation": "chat",
        "streamed": False,
        "outcome": "completion",
        "text": "hï",
        "reasoning": "",
        "tool_calls": [
            {"name": "f", "arguments": {"a": [1]}},
            {"name": "g", "arguments": '{"a": '},
        ],
        "finish_reason": "tool_calls",
        "raw_finish_reason": "tool_calls",
        "usage": {
            "input_tokens": 10,
            "output_tokens": 7,
            "cached_input_tokens": 4,
            "cache_write_tokens": None,
            "reasoning_tokens": 2,
        },
        "error": None,
        "reason": None,
    }


def test_a_file_name_that_is_no_utf_8_has_a_line_too() -> None:
    assert json.loads(record_json(CheckRecord(file="\udcff.yaml")))["file"] == "\udcff.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_cassette(
        tmp_path / "b/two.yaml", Cassette(interactions=(answered(WHOLE), streamed(STREAM)))
    ).unwrap()
    save_cassette(tmp_path / "a.yml", Cassette(interactions=(answered({}, 429),))).unwrap()
    (tmp_path / "settings.yaml").write_text("a: 1")
    return tmp_path


def test_every_interaction_below_a_folder_has_a_record_in_order(folder: Path) -> None:
    records = list(check_paths([folder], registry))
    assert [(one.file, one.index, one.outcome) for one in records] == [
        ("a.yml", 0, "error"),
        ("b/two.yaml", 0, "completion"),
        ("b/two.yaml", 1, "completion"),
    ]
    assert exit_code(records) == 0


def test_a_single_file_may_be_checked(folder: Path) -> None:
    assert [one.file for one in check_paths([folder / "a.yml"], registry)] == ["a.yml"]


BROKEN = [
    ("[", "protocol", 65),
    ("interactions: !!python/object/apply:os.system [x]", "protocol", 65),
    ("interactions: [{request: {method: GET, uri: 'http://a'}}]", "protocol", 65),
]


@pytest.mark.parametrize(("text", "kind", "code"), BROKEN)
def test_a_file_that_cannot_be_read_fails_and_the_rest_is_read(
    folder: Path, text: str, kind: str, code: int
) -> None:
    (folder / "b/bad.yaml").write_text(text)
    records = list(check_paths([folder], registry))
    assert [one.file for one in records] == ["a.yml", "b/bad.yaml", "b/two.yaml", "b/two.yaml"]
    assert records[1].error is not None
    assert records[1].error.kind == kind
    assert exit_code(records) == code


def test_a_path_that_is_not_there_fails(tmp_path: Path) -> None:
    [record] = check_paths([tmp_path / "nowhere"], registry)
    assert (record.outcome, exit_code([record])) == ("error", 66)


def test_yaml_that_is_no_cassette_fails_only_when_it_was_named(folder: Path) -> None:
    [record] = check_paths([folder / "settings.yaml"], registry)
    assert exit_code([record]) == 65


def test_an_interaction_without_http_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "grpc.yaml").write_text("interactions: [{request_raw: x}]")
    [record] = check_paths([tmp_path], registry)
    assert (record.outcome, record.reason) == ("skipped", "holds no HTTP request")


def test_a_report_has_a_line_for_each_record_and_the_counts_last(folder: Path) -> None:
    lines = list(report_lines(check_paths([folder], registry)))
    assert len(lines) == 4
    assert lines[-1] == "3 interactions: 2 completion, 1 error; 0 could not be read"
    assert list(report_lines([])) == ["0 interactions: no cassette was found; 0 could not be read"]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (READ, "ok    openai            chat           stop, 2 characters, 10 + 7 tokens  #0"),
        (CheckRecord(error=CheckedError("protocol", "a\nb"), outcome="error"),
         "FAIL                    other          protocol: a b  #0"),
    ],
)  # fmt: skip
def test_a_line_says_how_it_went(record: CheckRecord, line: str) -> None:
    assert record_line(record) == line


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded traffic is not here")
def test_recorded_traffic_of_others_is_read_or_skipped_with_a_reason() -> None:
    records = list(check_paths([CORPUS], registry))
    assert len(records) > 200
    assert [one for one in records if exit_code([one])] == []
    assert all(one.reason for one in records if one.outcome == "skipped")
