"""`llm-pure cassette show`, `cassette diff` and `log`."""

from pathlib import Path

import pytest

from llm_pure import LLM, HttpRequest, HttpResponse, LLMConfig
from llm_pure.cli.main import main
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import Cassette, Interaction, load_cassette, open_replay, save_cassette
from tests.support.one_answer import http, one_answer

Captured = pytest.CaptureFixture[str]

URL = "https://api.openai.com/v1/chat/completions"
KEY = "sk-proj-Canary0123456789abcdef"


def chat(answer: str, *, kind: str = "application/json", more: str = "") -> Interaction:
    request = HttpRequest("POST", URL, (), f'{{"model":"m","messages":[]{more}}}'.encode())
    response = HttpResponse(200, (("content-type", kind),), answer.encode())
    return Interaction(request=request, response=response, reason="OK")


STREAM = (
    'data: {"id":"c","model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"hi "}}]}\n\n',
    'data: {"id":"c","model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"you"}}]}\n\n',
    'data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n',
    "data: [DONE]\n\n",
)


def test_show_is_a_readable_picture(tmp_path: Path, capsys: Captured) -> None:
    streamed = chat("".join(STREAM), kind="text/event-stream", more=f',"user":"{KEY}"')
    timed = Interaction(
        request=streamed.request,
        response=streamed.response,
        reason="OK",
        sizes=tuple(map(len, STREAM)),
        delays_ms=(250, 10, 5, 0),
    )
    file = tmp_path / "x.yaml"
    save_cassette(file, Cassette(interactions=(timed,))).unwrap()
    assert main(["cassette", "show", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:11] == [
        f"{file}: interactions[0]",
        f"POST {URL}",
        "",
        "request",
        "  {",
        '    "model": "m",',
        '    "messages": [],',
        '    "user": "***"',
        "  }",
        "",
        "answer 200 OK",
    ]
    assert "     0.250 s  text_delta       text='hi ' index=1" in lines
    assert "     0.260 s  text_delta       text='you' index=1" in lines
    assert "     0.265 s  usage_reported   input 3, output 2" in lines
    assert lines[-5:-2] == [
        "completion [openai:gpt-5-mini · stop]",
        "  hi you",
        "usage input 3, output 2",
    ]
    assert lines[-2].startswith("cost $0.0000")


def test_show_tells_an_error_and_what_is_no_call(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "x.yaml"
    other = Interaction(request=HttpRequest("GET", "https://a.test/"), response=HttpResponse(200))
    save_cassette(file, Cassette(interactions=(chat('{"choices":'), other))).unwrap()
    assert main(["cassette", "show", str(file), "--index", "1"]) == 0
    assert "a GET asks no model" in capsys.readouterr().out
    assert main(["cassette", "show", str(file)]) == 0
    assert "\nerror " in capsys.readouterr().out
    assert main(["cassette", "show", "/nowhere"]) == 66


OLD = '{"id":"c","choices":[{"index":0,"logprobs":null,"message":{"content":"a"}}],"usage":{"n":1}}'
NEW = '{"id":7,"choices":[{"index":0,"message":{"content":"b"}},{"message":{"x":[]}}],"usage":{"n":2.5}}'


def test_diff_tells_paths_that_came_went_or_have_another_type(
    tmp_path: Path, capsys: Captured
) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    save_cassette(old, Cassette(interactions=(chat(OLD),))).unwrap()
    save_cassette(new, Cassette(interactions=(chat(NEW),))).unwrap()
    assert main(["cassette", "diff", str(old), str(new)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "removed  interactions[0] /choices/*/logprobs: null",
        "added    interactions[0] /choices/*/message/x: list",
        "retyped  interactions[0] /id: string -> number",
    ]
    assert main(["cassette", "diff", str(old), str(old)]) == 0


def test_diff_reads_folders_and_streams(tmp_path: Path, capsys: Captured) -> None:
    for name, stream in (("old", STREAM[0]), ("new", STREAM[0].replace('"index":0', '"at":"0"'))):
        cassette = Cassette(interactions=(chat(stream, kind="text/event-stream"),))
        save_cassette(tmp_path / name / "a.yaml", cassette).unwrap()
    save_cassette(tmp_path / "new" / "b.yaml", Cassette()).unwrap()
    assert main(["cassette", "diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 1
    file = tmp_path / "new" / "a.yaml"
    assert capsys.readouterr().out.splitlines() == [
        f"added    interactions[0] [event] /choices/*/at: string  {file}",
        f"removed  interactions[0] [event] /choices/*/index: number  {file}",
        "added    b.yaml",
    ]


ANSWER = (
    b'{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},'
    b'"finish_reason":"stop"}],"note":"q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U my-own-key"}'
)


def test_an_incident_in_the_log_becomes_a_test(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = tmp_path / "log", tmp_path / "incident.yaml"
    monkeypatch.setenv("LLM_PURE_LOG", str(folder))
    with one_answer(http(200, "application/json", ANSWER)) as url:
        config = LLMConfig(base_url=url, model="m", api_key="my-own-key", stream=False)
        recorded = LLM(config, retry=NO_RETRY).ask("hello")
    assert main(["log"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    identity = line.split()[0]
    assert line.split()[1:4] == ["200", "ok", "open_llm"]
    [kept] = folder.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "my-own-key" not in kept.read_text()
    assert "q8Wz" not in kept.read_text()

    assert main(["log", "show", identity, "--as-cassette", str(file)]) == 0
    replay = open_replay(file).unwrap()
    monkeypatch.delenv("LLM_PURE_LOG")
    assert LLM(config, replay, retry=NO_RETRY).ask("hello") == recorded
    assert load_cassette(file).unwrap().recorded_from.startswith("a log of ")
    capsys.readouterr()
    assert main(["log", "show", identity[:15], "--folder", str(folder)]) == 0
    assert "completion [open_llm:m · stop]" in capsys.readouterr().out


def test_without_the_switch_nothing_is_kept(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLM_PURE_LOG", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with one_answer(http(200, "application/json", ANSWER)) as url:
        LLM(LLMConfig(base_url=url, api_key="k", stream=False), retry=NO_RETRY).ask("hello")
    assert list(tmp_path.iterdir()) == []
    assert main(["log"]) == 0
    assert f"no exchanges in {tmp_path}/llm-pure/log" in capsys.readouterr().err
    assert main(["log", "show"]) == 64
    assert main(["log", "show", "2026"]) == 66


def test_recording_needs_to_know_where_to_ask(tmp_path: Path) -> None:
    assert main(["replay", "serve", str(tmp_path / "x.yaml"), "--record", "once"]) == 64
    assert main(["replay", "serve", str(tmp_path / "x.yaml")]) == 66
