"""A planted key is looked for where a service, a file or a command may show it: streams, websockets, commands, recordings.

The service quotes the key in error events, in deltas, in pieces, in headers, in what is no HTTP. Spellings and places of
whole answers: test_planted_keys.py.
"""

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from llm_pure import LLM, ChatRequest, HttpRequest, HttpResponse, LLMConfig, describe, user
from llm_pure.cli.main import main
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import Redaction, redact_response
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.cassette_writer import open_cassette
from llm_pure.replay.recorder import RecordingOverride
from llm_pure.replay.recording_index import RecordingIndex
from llm_pure.replay.secrets.redaction import redact_text
from llm_pure.transports.override import override_transport
from llm_pure.types.result import Failure
from tests.support.aws_frames import body_of, event
from tests.support.http_service import http_service
from tests.support.secret_spellings import readings, spellings
from tests.transports.test_websocket import frame, serving

KEY = "Cq7/pX+9w-Lm_4T2sKdZ"
SHAPED = "sk-proj-Canary0123456789abcdefXYZ"
SPELLINGS = spellings(KEY)
FEW = ("as it is", "JSON escapes", "base64, 1 before, 1 after")


def _delta(text: str, **fields: Any) -> dict[str, Any]:
    return {"id": "a", "choices": [{"index": 0, "delta": {"content": text}}], **fields}


def _error(text: str) -> dict[str, Any]:
    return {"error": {"message": f"the key {text} is wrong", "code": text, "param": text}}


def _sse(*events: Any) -> bytes:
    texts = [one if isinstance(one, str) else f"data: {json.dumps(one)}" for one in events]
    return "".join([f"{text}\n\n" for text in texts]).encode()


STREAMS = {
    "an error event": lambda text: _sse(_delta("hello"), _error(text)),
    "an event named error": lambda text: _sse("event: error\ndata: " + json.dumps(_error(text))),
    "a text that is cut": lambda text: _sse(_delta("hello"), _delta(f"key {text}")),
    "pieces of one letter": lambda text: _sse(*map(_delta, text)),
    "ids and models": lambda text: _sse(_delta("hello", id=text, model=text, system_fingerprint=text)),
    "what is no JSON": lambda text: _sse(_delta("hello"), 'data: {"a": ' + text),
    "comments and names": lambda text: _sse(_delta("hello"), f": {text}\nevent: {text}\nid: {text}"),
    "arguments of a call": lambda text: _sse(
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": text, "function": {"name": text, "arguments": json.dumps({"a": text})}}]}}]}
    ),
}  # fmt: skip
"""Name -> the body of a stream that fails: no stream here has an end."""

HEADS = {
    "a status line": b"HTTP/1.1 abc %s\r\n\r\n",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nbad header %s\r\n\r\n",
    "a length": b"HTTP/1.1 200 OK\r\ncontent-length: %s\r\n\r\n",
    "a coding": b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\ncontent-length: 2\r\n\r\n{}",
    "a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%s\r\n",
    "a reason": b"HTTP/1.1 403 %s\r\ncontent-length: 0\r\n\r\n",
    "a redirection": b"HTTP/1.1 302 Found\r\nlocation: http://me:%s@other.test/%s\r\ncontent-length: 0\r\n\r\n",
    "a page": b"HTTP/1.1 500 No\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>%s</html>",
    "what is cut": b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{"a": "%s',
}
"""Name -> a response of which a part is the key."""


class _Service(BaseHTTPRequestHandler):
    """Sends `response` as it is, else a stream of `body`."""

    body = b""
    header = ""
    response = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.close_connection = True
        if self.response:
            self.wfile.write(self.response)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        for name in ("x-request-id", "openai-processing-ms", "x-ratelimit-limit-tokens", "x-more"):
            self.send_header(name, self.header)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Writes nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with http_service(_Service) as server:
        yield f"{server}/v1"


WAYS = ("httpx sync", "httpx2 sync", "httpx asyncio", "httpx2 trio", "aiohttp asyncio")


def failed_call(way: str, config: LLMConfig, *, stream: bool) -> Any:
    """The error of one call."""
    transport, loop = way.split()
    request = ChatRequest(messages=(user("is it my key?"),), stream=stream)
    if loop == "sync":
        with LLM(config, transport, retry=NO_RETRY) as llm:
            return llm.completion(request).failure()

    async def call() -> Any:
        async with LLM(config, transport, retry=NO_RETRY) as llm:
            return (await llm.acompletion(request)).failure()

    return anyio.run(call, backend=loop)


def shown_by(error: Any, caplog: pytest.LogCaptureFixture, *folders: Path) -> str:
    """Everything that an error, our log and files show."""
    lines = [line.getMessage() for line in caplog.records if line.name.startswith("llm_pure")]
    assert lines
    files = [file.read_text("utf-8") for folder in folders for file in folder.rglob("*.yaml")]
    assert len(files) >= len(folders)
    fields = msgspec.json.encode(error).decode()
    return "\n".join([repr(error), describe(error), fields, *lines, *files])


def call_and_look(
    way: str, url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path, *, stream: bool
) -> str:
    """What a failed call shows, once with the traffic log and once with a recorder."""
    config = LLMConfig(api_key=KEY, model="gpt-5-mini", base_url=url)
    log, recorded = tmp_path / "log", tmp_path / "recorded"
    caplog.clear()
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.DEBUG, "llm_pure"):
        patch.setenv("LLM_PURE_LOG", str(log))
        first = failed_call(way, config, stream=stream)
        patch.delenv("LLM_PURE_LOG")
        cassette = open_cassette(recorded / "x.yaml", "all").unwrap()
        with override_transport(RecordingOverride(cassette)):
            second = failed_call(way, config, stream=stream)
        cassette.save().unwrap()
    assert (first.kind, first.status) == (second.kind, second.status)
    return shown_by(first, caplog, log, recorded) + describe(second)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_fails_shows_no_key(
    kind: str, way: str, url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for number, name in enumerate(FEW):
        text = SPELLINGS[name]
        _Service.response, _Service.body, _Service.header = b"", STREAMS[kind](text), text
        shown = call_and_look(way, url, caplog, tmp_path / str(number), stream=True)
        assert KEY not in readings(shown), name


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", HEADS)
def test_a_response_that_is_no_http_shows_no_key(
    kind: str, way: str, url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    _Service.response = HEADS[kind].replace(b"%s", KEY.encode())
    config = LLMConfig(api_key=KEY, model="gpt-5-mini", base_url=url)
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "llm_pure"):
        error = failed_call(way, config, stream=False)
    assert KEY not in readings(shown_by(error, caplog))


def test_the_traffic_log_of_a_stream_has_no_spelling_of_the_key(
    url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    assert len(SPELLINGS) > 90
    for number, (name, text) in enumerate(SPELLINGS.items()):
        _Service.response, _Service.body = b"", _sse(_delta(text), *map(_delta, text), _error(text))
        _Service.header = text.replace("\r", " ").replace("\n", " ")
        shown = call_and_look("httpx sync", url, caplog, tmp_path / str(number), stream=True)
        assert KEY not in readings(shown), name


# a key in pieces

FORMS: dict[str, Any] = {
    "openai_chat": lambda pieces: _sse(*map(_delta, pieces), "data: [DONE]"),
    "two choices": lambda pieces: _sse(
        *[
            {"choices": [{"index": index, "delta": {"content": text}}]}
            for piece in pieces
            for index, text in enumerate((piece, "other"))
        ]
    ),
    "anthropic": lambda pieces: _sse(
        *[
            f"event: content_block_delta\ndata: {json.dumps({'type': 'content_block_delta', 'index': 1, 'delta': {'type': 'input_json_delta', 'partial_json': piece}})}"
            for piece in pieces
        ]
    ),
    "lines": lambda pieces: "".join(
        [json.dumps({"message": {"content": piece}}) + "\n" for piece in pieces]
    ).encode(),
    "a list": lambda pieces: json.dumps([{"text": piece} for piece in pieces]).encode(),
    "frames": lambda pieces: body_of(
        *[event("contentBlockDelta", {"delta": {"text": piece}}) for piece in pieces]
    ),
}


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_pieces_is_masked_and_the_rest_stays(form: str, size: int) -> None:
    text = f"the key {KEY} is it"
    pieces = [text[begin : begin + size] for begin in range(0, len(text), size)]
    body = FORMS[form](pieces)
    response = HttpResponse(200, (("content-type", "application/json"),), body)
    redacted = redact_response(response, Redaction(secrets=(KEY,)))
    hidden = text.replace(KEY, "*" * len(KEY))
    expected = FORMS[form]([hidden[begin : begin + size] for begin in range(0, len(text), size)])
    assert redacted.body == expected
    assert redact_response(redacted, Redaction(secrets=(KEY,))) == redacted


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\\n", "\\\\r\\\\n"])
@pytest.mark.parametrize("before", range(40, 60))
def test_a_key_of_a_known_shape_in_base64_of_many_lines_is_masked(before: int, mark: str) -> None:
    encoded = base64.b64encode(b"." * before + f" {SHAPED} ".encode() + b"," * 40).decode()
    text = mark.join([encoded[begin : begin + 76] for begin in range(0, len(encoded), 76)])
    masked = redact_text(f'{{"a": "{mark}{text}{mark}"}}')
    assert SHAPED[:16] not in readings(masked)
    assert len(masked) == len(text) + len(mark) * 2 + 9


# websockets

FRAMES = {
    "an error": lambda text: [json.dumps({"header": {"code": 10005, "message": text, "sid": text, "status": 2}})],
    "an error after text": lambda text: [frame(1, "hello"), json.dumps({"header": {"code": 1, "message": f"key {text}", "sid": "s"}})],
    "a text that is cut": lambda text: [frame(1, f"key {text}")],
    "what is no JSON": lambda text: [frame(1, "hello"), f'{{"a": {text}'],
}  # fmt: skip


@pytest.mark.parametrize("way", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("kind", FRAMES)
def test_a_websocket_shows_no_key(
    kind: str, way: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for number, name in enumerate(FEW):
        text = SPELLINGS[name]

        def handler(connection: Any, text: str = text) -> None:
            connection.recv()
            for one in FRAMES[kind](text):
                connection.send(one)

        folder = tmp_path / str(number)
        caplog.clear()
        with (
            serving(handler) as url,
            pytest.MonkeyPatch.context() as patch,
            caplog.at_level(logging.DEBUG),
        ):
            patch.setenv("LLM_PURE_LOG", str(folder))
            config = LLMConfig(
                api_type="spark", base_url=url, domain="lite", app_id="a", api_key="k7u4nne", api_secret=KEY,
            )  # fmt: skip
            error = failed_call(f"websocket {way}", config, stream=True)
        assert KEY not in readings(shown_by(error, caplog, folder)), name


def test_a_websocket_that_is_refused_shows_no_key(caplog: pytest.LogCaptureFixture) -> None:
    with http_service(_Refusing) as server:
        config = LLMConfig(
            api_type="spark", base_url=server.replace("http:", "ws:") + "/v1", domain="lite",
            app_id="a", api_key="k7u4nne", api_secret=KEY,
        )  # fmt: skip
        with caplog.at_level(logging.DEBUG):
            error = failed_call("websocket sync", config, stream=True)
    assert error.status == 401
    assert KEY not in readings(shown_by(error, caplog))


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"message": f"the secret {KEY} is wrong", "code": KEY}).encode()
        self.send_response(401)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-request-id", KEY)
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Writes nothing."""


@pytest.mark.parametrize("way", ["httpx sync", "aiohttp asyncio"])
def test_a_secret_that_only_signs_requests_is_in_no_file(
    way: str, url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    _Service.response = HEADS["a page"].replace(b"%s", KEY.encode())
    config = LLMConfig(
        api_type="bedrock", access_key="AKIA0123456789ABCDEF", secret_key=KEY, model="amazon.nova-lite-v1:0",
        base_url=url, region_name="us-east-1",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.DEBUG, "llm_pure"):
        patch.setenv("LLM_PURE_LOG", str(tmp_path))
        error = failed_call(way, config, stream=False)
    assert error.status == 500
    assert KEY not in readings(shown_by(error, caplog, tmp_path))


# commands

CONFIG: dict[str, dict[str, Any]] = {
    "llm": {"api_key": KEY, "model": "gpt-5-mini", "headers": {"X-Own": KEY}},
    "models": {
        "proxied": {
            "api_key": KEY, "model": "gpt-5-mini", "proxy": f"http://u:{KEY}@127.0.0.1:9",
            "base_url": f"http://me:{KEY.replace('/', '')}@127.0.0.1:9/v1?api_key={SHAPED}",
        },
    },
}  # fmt: skip

FAILING = (
    ["ask", "hi"], ["ask", "--json", "hi"], ["ask", "--no-stream", "hi"], ["ask", "--no-stream", "--json", "hi"],
    ["ask", "--max-cost", "1", "hi"], ["ask", "-i", "a.png", "hi"], ["code", "hi"], ["embed", "hi"], ["moderate", "hi"],
    ["image", "-o", "o.png", "hi"], ["image", "-i", "a.png", "-o", "o.png", "hi"], ["speak", "-o", "o.mp3", "hi"],
    ["speak", "-o", "-", "hi"], ["transcribe", "a.wav"],
)  # fmt: skip
"""Commands that send something."""

OFFLINE = (
    ["build", "hi"], ["build", "--stream", "hi"], ["build", "--curl", "hi"], ["build", "--curl", "--include", "hi"],
    ["build", "--curl", f"is {KEY} it"], ["build", f"is {KEY} it"], ["tokens", "a.png"], ["tokens", "--json", "a.png"],
    ["cost", "estimate", "hi"],
)  # fmt: skip
"""Commands that take a model and send nothing."""

REST = (
    ["doctor"], ["config", "check", "config2.yaml"], ["config", "check", "broken.yaml"], ["config", "check", "wrong.yaml"],
    ["ask", "--config", "broken.yaml", "hi"], ["ask", "--config", "wrong.yaml", "hi"], ["providers", "--json"], ["log"],
    ["log", "list"], ["log", "show", "0"], ["cost", "report"], ["cost", "report", "a.yaml"], ["ask", "--base-url", f"http://{SHAPED}.invalid", "hi"],
    ["ask", "--base-url", SHAPED, "hi"], ["build", "--base-url", f"https://a.test/v1?api_key={KEY}", "hi"],
    ["build", "--curl", "--base-url", f"https://a.test/v1?api_key={KEY}", "hi"],
    ["cassette", "show", "a.yaml"], ["cassette", "check", "a.yaml"], ["cassette", "scan", "a.yaml"],
    ["cassette", "diff", "a.yaml", "b.yaml"], ["cassette", "diff", "b.yaml", "a.yaml"], ["cassette", "redact", "--dry-run", "a.yaml"],
    ["stream", "fuzz", "a.yaml"], *[["cassette", word, "broken.yaml"] for word in ("show", "check", "scan", "redact")],
    *[["cassette", word, "wrong.yaml"] for word in ("show", "check", "scan", "redact")],
    ["replay", "serve", "broken.yaml"], ["replay", "serve", "wrong.yaml"], ["parse", "openai", "broken.yaml"],
    ["parse", "openai", "--status", "401", "error.json"], ["parse", "openai", "--stream", "error.json"],
    ["repair", "broken.yaml"], ["repair", "--json", "broken.yaml"],
    ["cassette", "redact", "a.yaml"], ["cassette", "show", "a.yaml"], ["cassette", "check", "--json", "a.yaml"],
)  # fmt: skip


def recorded(answer: str, status: int = 200) -> Interaction:
    """What another recorder may have written: nothing is hidden."""
    request = HttpRequest(
        "POST", f"https://me:{SHAPED}@api.openai.com/v1/chat/completions?api_key={SHAPED}",
        (("authorization", f"Bearer {SHAPED}"), ("content-type", "application/json"), ("cookie", f"a={SHAPED}")),
        json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": f"{answer} {SHAPED}"}]}).encode(),
    )  # fmt: skip
    message = {"role": "assistant", "content": f"the key {SHAPED}"}
    body = {
        "id": SHAPED,
        "model": SHAPED,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        SHAPED: 1,
    }
    body = body if status == 200 else _error(SHAPED)
    headers = (
        ("content-type", "application/json"),
        ("set-cookie", f"a={SHAPED}"),
        ("x-request-id", SHAPED),
    )
    return Interaction(
        request=request,
        response=HttpResponse(status, headers, json.dumps(body).encode()),
        reason=SHAPED,
    )


@pytest.fixture
def folder(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with files that have keys, where the service quotes the key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    config = {**CONFIG, "llm": {**CONFIG["llm"], "base_url": url}}
    Path("config2.yaml").write_text(json.dumps(config))
    Path("broken.yaml").write_text(f"version: {SHAPED}\ninteractions: [ {SHAPED} : : }}\n")
    Path("wrong.yaml").write_text(
        f"version: 1\nllm: {{api_key: [{SHAPED}], temperature: {SHAPED}, headers: {SHAPED}}}\n"
        f"interactions:\n- {{request: {{method: {SHAPED}, uri: {SHAPED}, body: [{SHAPED}]}}, response: {SHAPED}}}\n"
    )
    Path("error.json").write_text(json.dumps(_error(SHAPED)))
    Path("a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0")
    Path("a.wav").write_bytes(b"RIFF$\0\0\0WAVEfmt \x10\0\0\0" + b"\0" * 60)
    for name, answers in {"a.yaml": ("one", "two"), "b.yaml": ("three",)}.items():
        entries = (*map(recorded, answers), recorded(name, 401))
        save_cassette(name, Cassette(interactions=entries)).unwrap()
    assert SHAPED in Path("a.yaml").read_text()
    return tmp_path


def shown_by_command(
    command: list[str], capfdbinary: pytest.CaptureFixture[bytes], caplog: pytest.LogCaptureFixture
) -> str:
    caplog.clear()
    with suppress(SystemExit):
        main(command)
    shown = b"".join(capfdbinary.readouterr()).decode("latin-1")
    assert shown, command
    return shown + caplog.text


@pytest.mark.parametrize(
    "kind",
    ["an error event", "comments and names", "a page", "a chunk", "a redirection", "what is cut"],
)
def test_commands_that_fail_show_no_key(
    kind: str, folder: Path, capfdbinary: pytest.CaptureFixture[bytes], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LLM_PURE_LOG", str(folder / "log"))
    caplog.set_level(logging.DEBUG, "llm_pure")
    _Service.header = KEY
    _Service.body = STREAMS[kind](KEY) if kind in STREAMS else b""
    _Service.response = HEADS[kind].replace(b"%s", KEY.encode()) if kind in HEADS else b""
    for command in FAILING:
        for options in (
            ["--config", "config2.yaml"],
            ["--config", "config2.yaml", "-m", "proxied"],
            [],
        ):
            shown = shown_by_command([command[0], *options, *command[1:]], capfdbinary, caplog)
            # a body is sound or text
            if command[0] not in ("speak", "transcribe") or "error" in shown:
                assert KEY not in readings(shown), (command, options)
                assert KEY.replace("/", "") not in shown, (command, options)
                assert SHAPED not in shown, (command, options)
    for file in (folder / "log").rglob("*.yaml"):
        assert KEY not in readings(file.read_text("utf-8"))


def test_commands_that_send_nothing_show_no_key(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    assert folder == Path.cwd()
    for command in OFFLINE:
        for options in (
            ["--config", "config2.yaml"],
            ["--config", "config2.yaml", "-m", "proxied"],
            [],
        ):
            front = command[: 2 if command[0] == "cost" else 1]
            shown = shown_by_command(
                [*front, *options, *command[len(front) :]], capfdbinary, caplog
            )
            for key in (KEY, SHAPED, KEY.replace("/", "")):
                assert key not in readings(shown), (command, options)


@pytest.mark.parametrize("command", REST, ids=" ".join)
def test_every_other_command_shows_no_key(
    command: list[str], folder: Path, capfdbinary: pytest.CaptureFixture[bytes],
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LLM_PURE_LOG", str(folder / "log"))
    if command in (["cassette", "show", "a.yaml"], ["cassette", "check", "--json", "a.yaml"]):
        main(["cassette", "redact", "a.yaml"])  # a command that shows texts shows them as they are
        assert SHAPED not in readings(Path("a.yaml").read_text("utf-8"))
        capfdbinary.readouterr()
    shown = shown_by_command(command, capfdbinary, caplog)
    assert KEY not in readings(shown)
    assert SHAPED not in readings(shown)


def test_a_miss_shows_no_key_that_the_request_repeats() -> None:
    def request(text: str) -> HttpRequest:
        body = json.dumps({"model": text, "a": [text]}).encode()
        headers = (("authorization", f"Bearer {KEY}"), ("content-type", "application/json"))
        return HttpRequest("POST", f"https://a.test/v1/{KEY.replace('/', '')}", headers, body)

    cassette = Cassette(
        interactions=(Interaction(request=request("b"), response=HttpResponse(200, (), b"")),)
    )
    index = RecordingIndex([cassette])
    missed = index.match(request(f"is {KEY}"))
    assert isinstance(missed, Failure)
    shown = missed.failure().message + repr(index.misses)
    assert '"is ***" != "b"' in shown
    assert KEY not in readings(shown)
