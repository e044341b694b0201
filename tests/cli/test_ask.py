"""`llm-pure ask`, against servers on loopback that answer well and badly."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_pure.cli.exit_codes import CommandFailed
from llm_pure.cli.main import main
from llm_pure.cli.prompt import read_request
from tests.support.one_answer import http, one_answer

KEY = "sk-canary-0123456789abcdefghij"
SSE = "text/event-stream"


def chunk(**fields: object) -> bytes:
    return b"data: " + json.dumps({"id": "c1", "model": "m1", **fields}).encode() + b"\n\n"


def delta(**fields: object) -> bytes:
    return chunk(choices=[{"index": 0, "delta": fields}])


FINISH = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
USAGE = chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
DONE = b"data: [DONE]\n\n"
HELLO = delta(content="Hel") + delta(content="lo")


class NotPiped(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _a_terminal_and_an_empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LLM_PURE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "stdin", NotPiped())


@pytest.fixture
def _with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


Captured = pytest.CaptureFixture[str]


@pytest.mark.usefixtures("_with_key")
def test_an_answer_goes_to_standard_output_and_all_else_to_standard_error(capsys: Captured) -> None:
    body = delta(reasoning_content="hm") + HELLO + FINISH + USAGE + DONE
    with one_answer(http(200, SSE, body)) as url:
        code = main(["ask", "--base-url", url, "hi"])

    assert (code, *capsys.readouterr()) == (
        0, "Hello\n", "hm\n[openai:m1 · tokens 3 in, 2 out · stop]\n"
    )  # fmt: skip


@pytest.mark.usefixtures("_with_key")
def test_json_is_the_whole_completion_and_nothing_else(capsys: Captured) -> None:
    with one_answer(http(200, SSE, HELLO + FINISH + USAGE + DONE)) as url:
        code = main(["ask", "--json", "--base-url", url, "hi"])

    out, err = capsys.readouterr()
    completion = json.loads(out)
    assert (code, err) == (0, "")
    assert (completion["text"], completion["finish_reason"], completion["usage"]["output_tokens"]) == (
        "Hello", "stop", 2
    )  # fmt: skip


@pytest.mark.usefixtures("_with_key")
def test_without_streaming_the_answer_is_the_same(capsys: Captured) -> None:
    unary = {
        "id": "c1",
        "model": "m1",
        "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
    with one_answer(http(200, "application/json", json.dumps(unary).encode())) as url:
        code = main(["ask", "--no-stream", "--base-url", url, "hi"])

    assert (code, *capsys.readouterr()) == (
        0, "Hello\n", "[openai:m1 · tokens 3 in, 2 out · stop]\n"
    )  # fmt: skip


REFUSED = json.dumps({"error": {"message": f"bad key {KEY}", "code": "invalid_api_key"}}).encode()
LIMITED = json.dumps({"error": {"message": "slow", "code": "rate_limit_exceeded"}}).encode()
NO_MODEL = json.dumps({"error": {"message": "none", "code": "model_not_found"}}).encode()


@pytest.mark.usefixtures("_with_key")
@pytest.mark.parametrize(
    ("answer", "code", "expected"),
    [
        (http(401, "application/json", REFUSED), 77, "authentication: bad key ***"),
        (http(429, "application/json", LIMITED), 75, "rate_limited: slow"),
        (http(404, "application/json", NO_MODEL), 66, "not_found: none"),
        (http(503, "text/html", b"<h1>busy</h1>"), 75, "overloaded: <h1>busy</h1>"),
        (http(500, "text/plain", b"oops"), 69, "server_error: oops"),
        (http(200, "text/html", b"<html>hello</html>"), 65, "<html>hello</html>"),
        (http(200, "application/json", b'{"id": "c1", "choi'), 65, "stream_interrupted"),
        (http(200, SSE, HELLO), 65, "stream_interrupted"),
        (http(200, SSE, HELLO + b"data: {nonsense\n\n"), 65, "{nonsense"),
        (http(200, SSE, HELLO, length=99999), 65, "stream_interrupted"),
    ],
    ids=[
        "wrong key", "rate limit", "no such model", "overload", "server error", "a page", "cut JSON",
        "cut stream", "broken stream", "dropped connection",
    ],
)  # fmt: skip
def test_a_bad_answer_is_an_exit_code_and_one_line(
    answer: bytes, code: int, expected: str, capsys: Captured
) -> None:
    with one_answer(answer) as url:
        exit_code = main(["ask", "--base-url", url, "hi"])

    out, err = capsys.readouterr()
    assert exit_code == code
    assert expected in err
    assert "Traceback" not in err
    assert KEY not in out + err


@pytest.mark.usefixtures("_with_key")
def test_a_cut_stream_has_printed_what_came(capsys: Captured) -> None:
    with one_answer(http(200, SSE, HELLO)) as url:
        main(["ask", "--base-url", url, "hi"])

    assert capsys.readouterr().out == "Hello\n"


@pytest.mark.usefixtures("_with_key")
def test_a_server_that_is_not_there_is_69(capsys: Captured) -> None:
    with one_answer(b"") as url:
        pass

    assert main(["ask", "--base-url", url, "hi"]) == 69
    assert "connection" in capsys.readouterr().err


@pytest.mark.usefixtures("_with_key")
@pytest.mark.parametrize("url", ["nonsense", "ftp://host/v1", "http://", "http://[::1"])
def test_a_base_url_that_is_none_is_78(url: str, capsys: Captured) -> None:
    assert main(["ask", "--base-url", url, "hi"]) == 78
    assert "base URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("opnai:gpt-5", "did you mean openai"),
        ("gpt-5", "write PROVIDER:MODEL, such as openai:gpt-5"),
        ("openai", "write openai:MODEL"),
        ("openai:", "write openai:MODEL"),
    ],
)
def test_a_model_that_nobody_can_know_is_64_and_names_near_ones(
    model: str, expected: str, capsys: Captured
) -> None:
    assert main(["ask", "-m", model, "hi"]) == 64
    assert expected in capsys.readouterr().err


def test_without_a_key_the_variable_is_named(capsys: Captured) -> None:
    assert main(["ask", "a question that nobody recorded"]) == 78
    out, err = capsys.readouterr()
    assert (out, "set OPENAI_API_KEY" in err) == ("", True)


def test_without_a_key_a_recorded_question_is_no_exception(capsys: Captured) -> None:
    """The bundled recordings answer in `demo` only."""
    assert main(["ask", "hello"]) == 78
    out, err = capsys.readouterr()
    assert (out, "set OPENAI_API_KEY" in err) == ("", True)


ENDED = {
    "length": (65, "error: openai: incomplete: the answer ends at the token limit; raise max_tokens"),
    "content_filter": (65, "error: openai: incomplete: a filter of the provider ended the answer; change"),
    "stop": (0, ""),
    "eos_of_a_gateway": (0, ""),
}  # fmt: skip


@pytest.mark.usefixtures("_with_key")
@pytest.mark.parametrize("reason", ENDED)
@pytest.mark.parametrize("options", [[], ["--no-stream"]])
def test_an_answer_that_was_cut_is_printed_and_ends_in_65(
    reason: str, options: list[str], capsys: Captured
) -> None:
    end = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])
    with one_answer(http(200, SSE, HELLO + end + USAGE + DONE)) as url:
        code = main(["ask", *options, "--base-url", url, "hi"])
    out, err = capsys.readouterr()
    expected, error = ENDED[reason]
    assert (code, out) == (expected, "Hello\n")
    assert error in err
    assert ("the text above is incomplete" in err) == bool(error)


@pytest.mark.usefixtures("_with_key")
def test_an_answer_that_was_cut_is_printed_as_json_too(capsys: Captured) -> None:
    end = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "length"}])
    with one_answer(http(200, SSE, HELLO + end + USAGE + DONE)) as url:
        code = main(["ask", "--json", "--base-url", url, "hi"])
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert (code, printed["text"], printed["finish_reason"]) == (65, "Hello", "length")
    assert "error: openai: incomplete: " in err


@pytest.mark.usefixtures("_with_key")
def test_a_call_that_nobody_runs_is_printed_and_ends_in_65(capsys: Captured) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "look", "arguments": "{}"}}
    end = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "tool_calls"}])
    with one_answer(http(200, SSE, delta(tool_calls=[call]) + end + DONE)) as url:
        code = main(["ask", "--base-url", url, "hi"])
    assert code == 65
    err = capsys.readouterr().err
    assert "tool call: look({})" in err
    assert "incomplete: the model calls look, and nothing runs it" in err


@pytest.mark.usefixtures("_with_key")
def test_a_refusal_is_printed_and_ends_in_65(capsys: Captured) -> None:
    with one_answer(http(200, SSE, delta(refusal="I can't.") + FINISH + DONE)) as url:
        code = main(["ask", "--base-url", url, "hi"])
    out, err = capsys.readouterr()
    assert (code, out) == (65, "I can't.\n")
    assert "content_filtered: I can't." in err


def test_nothing_to_ask_is_64(capsys: Captured) -> None:
    assert main(["ask"]) == 64
    assert "no text to ask" in capsys.readouterr().err


@pytest.mark.usefixtures("_with_key")
@pytest.mark.parametrize(
    ("arguments", "text"), [(["hel"], "hel\n\nlo"), ([], "lo")], ids=["joined", "piped in whole"]
)
def test_what_is_piped_in_is_joined_to_the_text(
    arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Any] = []

    def read(options: Any) -> Any:
        requests.append(read_request(options))
        raise CommandFailed("read", 0)

    monkeypatch.setattr("llm_pure.cli.ask.read_request", read)
    assert run_piped(["ask", *arguments], b"lo\n", monkeypatch) == 0
    assert [turn.text for turn in requests[0].messages] == [text]


def run_piped(arguments: list[str], data: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return main(arguments)


def test_a_broken_pipe_is_silent(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m llm_pure demo 2> '{tmp_path}/err' | head -n 1"
    ran = subprocess.run(
        command, shell=True, capture_output=True, check=False, stdin=subprocess.DEVNULL
    )

    assert (ran.stdout, (tmp_path / "err").read_text()) == (b"\n", "")


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["ask", "--nonsense"]])
def test_wrong_usage_is_64(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 64


@pytest.mark.parametrize("command", ["parse", "cost report"])
def test_an_unknown_option_is_told_with_the_usage_of_its_command(
    command: str, capsys: Captured
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "openai", "--nonsense"])

    usage, *_, message = capsys.readouterr().err.splitlines()
    assert ended.value.code == 64
    assert usage.startswith(f"usage: llm-pure {command} [-h]")
    assert message == f"llm-pure {command}: unrecognized arguments: --nonsense"
