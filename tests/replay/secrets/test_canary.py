"""A canary key, planted in every place of an exchange: it is never on the disk after recording, and `scan` finds it when it
is put there by hand."""

import base64
import json
import re
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from llm_pure import HttpRequest, HttpResponse
from llm_pure.cli.main import main
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.cassette_writer import open_cassette
from llm_pure.replay.json_spans import event_frames
from llm_pure.replay.recorder import RecordTransport
from llm_pure.replay.secrets.redaction import Redaction, redact_interaction
from llm_pure.replay.secrets.scan import scan_interaction
from llm_pure.transports.base import Timeouts
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.http import SECRET_HEADERS
from tests.support.aws_frames import body_of, event
from tests.support.rows import check_each
from tests.support.secret_spellings import readings, spellings

SHAPED = "sk-proj-Canary0123456789abcdefXYZ"
UNKNOWN = "Canary9xQ2mW7rT4bN8kL1vC5zH3jG6fD0s"  # of no provider's shape
URL = "https://a.test/v1/chat/completions"
JSON = (("content-type", "application/json"),)

BOUNDARY = "q8Wz5Xc1Vb7Nm3Kl9Jh2Gf6Ds4Ap0Oi8U"
NAMES = sorted(
    {*SECRET_HEADERS, "x-mine", "user-agent", "accept", "content-type", "anthropic-beta", "x-goog-user-project", "openai-organization"}
    - {"set-cookie"}
)  # fmt: skip


def png(text: str) -> str:
    """A picture whose metadata says the text."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        )

    head = chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
    pixel = chunk(b"IDAT", zlib.compress(b"\0\0"))
    said = chunk(b"tEXt", b"Comment\0" + text.encode())
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + head + said + pixel + chunk(b"IEND", b"")
    ).decode()


def asking(body: object) -> HttpRequest:
    return HttpRequest("POST", URL, JSON, json.dumps(body).encode())


def answering(body: object, headers: tuple[tuple[str, str], ...] = ()) -> Interaction:
    response = HttpResponse(200, (*JSON, *headers), json.dumps(body).encode())
    return Interaction(request=asking({}), response=response)


def deep(key: str, depth: int) -> object:
    return key if depth == 0 else {"a": [deep(key, depth - 1)]}


Plant = Callable[[str], Interaction]
OK = HttpResponse(200, JSON, b"{}")


def in_header(name: str) -> Plant:
    def plant(key: str) -> Interaction:
        value = f"Bearer {key}" if name == "authorization" else key
        return Interaction(request=HttpRequest("GET", URL, ((name, value),)), response=OK)

    return plant


def at_depth(depth: int) -> Plant:
    return lambda key: Interaction(request=asking(deep(key, depth)), response=OK)


def in_answers_header(name: str) -> Plant:
    return lambda key: answering({}, ((name, key),))


def at(url: str) -> Plant:
    return lambda key: Interaction(request=HttpRequest("GET", url.replace("KEY", key)), response=OK)


def streamed(body: Callable[[str], bytes]) -> Plant:
    return lambda key: Interaction(request=asking({}), response=HttpResponse(200, (), body(key)))


def asked(body: Callable[[str], object]) -> Plant:
    return lambda key: Interaction(request=asking(body(key)), response=OK)


PLANTS: dict[str, Plant] = {
    "query": at(f"{URL}?key=KEY"),
    "query of another name": at(f"{URL}?q=KEY"),
    "path": at("https://a.test/KEY/x"),
    "user": at("https://me:KEY@a.test/"),
    **{f"request header {name}": in_header(name) for name in NAMES},
    **{f"request body, {depth} deep": at_depth(depth) for depth in (0, 1, 5, 30)},
    "request body, in a sentence": asked(
        lambda key: {"messages": [{"role": "user", "content": f"my key is {key}, thanks"}]}
    ),
    "request body, JSON in JSON": asked(
        lambda key: {"arguments": json.dumps({"inner": json.dumps({"k": key})})}
    ),
    "request body, a picture": asked(
        lambda key: {"image_url": {"url": f"data:image/png;base64,{png(key)}"}}
    ),
    **{
        f"response header {name}": in_answers_header(name)
        for name in ("set-cookie", "x-request-id", "retry-after", "x-mine", "server")
    },
    "request body, a part of a form": lambda key: Interaction(
        request=HttpRequest(
            "POST",
            URL,
            (("content-type", f"multipart/form-data; boundary={BOUNDARY}"),),
            f'--{BOUNDARY}\r\nname="a"\r\n\r\n{key}\r\n--{BOUNDARY}--\r\n'.encode(),
        ),
        response=OK,
    ),
    "response body": lambda key: answering({"choices": [{"message": {"content": key}}]}),
    "response body, a picture": lambda key: answering({"data": [{"b64_json": png(key)}]}),
    "a stream": streamed(lambda key: f'data: {{"delta":"{key}"}}\n\n'.encode()),
    "an event stream of AWS": streamed(
        lambda key: body_of(event("chunk", {"delta": {"text": f"so {key} it is"}}))
    ),
}

KNOWN_BY_SHAPE_ALONE = ("picture", "response header x-request-id", "in JSON")
"""Where a text by chance is what should be there: an id, data. A key of no known shape is found by its header only."""


def sent_with(plant: Interaction, key: str) -> Interaction:
    """The exchange, with the key in the header where a key belongs: there it is learned."""
    request = plant.request
    headers = (*request.headers, ("authorization", f"Bearer {key}"))
    signed = HttpRequest(request.method, request.url, headers, request.body)
    return Interaction(request=signed, response=plant.response)


def record(path: Path, exchange: Interaction) -> bool:
    """Over a recorder; was it written?"""
    response = exchange.response
    inner = ScriptedTransport(
        [
            ScriptedResponse(
                status=response.status, headers=response.headers, chunks=(response.body,)
            )
        ]
    )
    tape = open_cassette(path, "all").unwrap()
    RecordTransport(tape, inner).send(exchange.request, Timeouts())
    return tape.save().map(lambda _: True).value_or(False)


def said(path: Path) -> str:
    """Everything that a file says, also in its base64."""
    text = path.read_text("utf-8")
    runs = re.findall(r"[A-Za-z0-9+/]{40,}", text)
    inside = [base64.b64decode(run[: len(run) // 4 * 4]) for run in runs]
    return text + b"".join(inside).decode("latin-1")


@pytest.mark.parametrize("key", [SHAPED, UNKNOWN], ids=["of a known shape", "of no known shape"])
@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_a_key_is_never_on_the_disk_after_recording(tmp_path: Path, plant: Plant, key: str) -> None:
    path = tmp_path / "x.yaml"
    assert record(path, sent_with(plant(key), key))
    assert "Canary" not in said(path)


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_nor_one_that_no_header_carries(tmp_path: Path, plant: Plant) -> None:
    path = tmp_path / "x.yaml"
    assert record(path, plant(SHAPED))
    assert "Canary" not in said(path)


@pytest.mark.parametrize(
    "plant",
    [
        plant
        for name, plant in PLANTS.items()
        if not any(part in name for part in KNOWN_BY_SHAPE_ALONE)
    ],
    ids=[name for name in PLANTS if not any(part in name for part in KNOWN_BY_SHAPE_ALONE)],
)
def test_a_key_of_no_known_shape_that_no_header_carries_is_refused_or_gone(
    tmp_path: Path, plant: Plant
) -> None:
    path = tmp_path / "x.yaml"
    assert not record(path, plant(UNKNOWN)) or "Canary" not in said(path)


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_scan_finds_it_when_it_is_put_there_by_hand(
    tmp_path: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.yaml"
    save_cassette(path, Cassette(interactions=(plant(SHAPED),))).unwrap()
    assert main(["cassette", "scan", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert f"{path}: interactions[0].re" in told.out
    assert "Canary" not in told.out + told.err


def test_scan_names_the_json_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    plant = asking(
        {
            "messages": [
                {"content": [{"image_url": {"url": f"data:image/png;base64,{png(SHAPED)}"}}]}
            ]
        }
    )
    save_cassette(path, Cassette(interactions=(Interaction(request=plant, response=OK),))).unwrap()
    main(["cassette", "scan", str(path)])
    assert capsys.readouterr().out == (
        f"{path}: interactions[0].request.body /messages/0/content/0/image_url/url: "
        "a key inside base64 or other text\n"
    )


def test_scan_finds_nothing_where_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_cassette(tmp_path / "x.yaml", Cassette(interactions=(answering({"a": "b"}),))).unwrap()
    assert main(["cassette", "scan", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "where"),
    [("# sk-proj-Canary0123456789abcdefXYZ\ninteractions: []\n", "line 1"),
     ("note: sk-proj-Canary0123456789abcdefXYZ\n", "line 1"),
     ("interactions: [\n", "file")],
    ids=["a comment", "no cassette", "no YAML"],
)  # fmt: skip
def test_scan_looks_beside_the_exchanges_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, where: str
) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert main(["cassette", "scan", str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith(f"{tmp_path}/x.yaml: {where}: ")


def test_redact_takes_it_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    plants = tuple([plant(SHAPED) for plant in PLANTS.values()])
    save_cassette(path, Cassette(interactions=plants)).unwrap()
    assert main(["cassette", "redact", "--dry-run", str(tmp_path)]) == 0
    assert "Canary" in said(path)
    assert main(["cassette", "redact", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"would change {path}\nchanged {path}\n"
    assert "Canary" not in said(path)
    assert main(["cassette", "redact", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_an_event_stream_of_aws_is_whole_after_it(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    plant = PLANTS["an event stream of AWS"](SHAPED)
    assert record(path, plant)
    tape = open_cassette(path).unwrap()
    body = tape.match(plant.request).unwrap()
    assert body is not None
    assert len(list(event_frames(body.response.body))) == 1
    assert b"so *" in body.response.body


KNOWN = "Cnry/pX+9w-Lm_4T2sKdZ"
SPELLINGS = spellings(KNOWN)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_key_that_a_header_carries_is_on_the_disk(
    tmp_path: Path, spelling: str
) -> None:
    text = SPELLINGS[spelling]
    places = [
        asking({"messages": [{"content": f"is {text} it?"}]}),
        HttpRequest("POST", URL, JSON, f'{{"raw":"{text}"}}'.encode()),
        HttpRequest("GET", f"{URL}?q={text}"),
    ]
    for number, request in enumerate(places):
        for response in (HttpResponse(200, JSON, text.encode()), answering({"a": text}).response):
            path = tmp_path / f"{number}.yaml"
            record(path, sent_with(Interaction(request=request, response=response), KNOWN))
            assert KNOWN not in readings(path.read_text("utf-8"))


SECRET = "hunter-canary"  # of no shape, and too short to be noticed by its letters
CREDENTIALS: dict[str, object] = {
    "a server of MCP": {"mcp_servers": [{"url": "https://a.test", "authorization_token": SECRET}]},
    "headers of a tool": {"tools": [{"type": "mcp", "headers": {"X-Thing": SECRET, "n": 1}}]},
    "headers as a list": {"tools": [{"http_headers": [{"name": "X-Thing", "value": SECRET}]}]},
    "headers as lines": {"extra_headers": [f"X-Thing: {SECRET}"]},
    "headers below headers": {"headers": {"a": [{"b": SECRET}], "c": {"d": SECRET}}},
    "a URL with a user": {"tools": [{"server_url": f"https://me:{SECRET}@a.test/mcp"}]},
    "a URL with a password of any letters": {"u": f"https://me:a/b?c#d@{SECRET}@a.test/mcp"},
    "a URL with a key": {"server_url": f"https://a.test/mcp?x=1&apiKey={SECRET}"},
    "a URL in a sentence": {"text": f"see (https://a.test/?token={SECRET}) or not"},
    "a signed URL of AWS": {"url": f"https://b.test/x?X-Amz-Date=1&X-Amz-Signature={SECRET}&y=2"},
    "a signed URL of Google": {"url": f"https://b.test/x?X-Goog-Signature={SECRET}"},
    "a signed URL of Azure": {"url": f"https://b.test/x?sv=1&sig={SECRET}&se=2"},
    "a connection string of a database": {"dsn": f"postgres://me:{SECRET}@db.test/x"},
    "a key of Azure": {"data_sources": [{"parameters": {"authentication": {"type": "api_key", "key": SECRET}}}]},
    "a token of Azure": {"parameters": {"authentication": {"type": "access_token", "access_token": SECRET}}},
    "a connection string of Azure": {"parameters": {"connection_string": SECRET}},
    "an encoded key": {"authentication": {"type": "encoded_api_key", "encoded_api_key": SECRET}},
    **{name: {name: SECRET} for name in (
        "secret", "webhook_secret", "signing_secret", "clientSecret", "client-secret", "subscription_key", "accountKey",
        "storage_account_key", "encryption_key", "authToken", "bot_token", "hf_token", "access-token", "db_password",
        "PASSWORD", "passphrase", "request_signature", "credential", "proxyAuthorization", "Ocp-Apim-Subscription-Key",
        "AWSAccessKeyId", "connectionString", "openaiApiKey", "x-api-key", "cookie",
    )},
    "a pair": {"metadata": [{"name": "Authorization", "value": SECRET}]},
    "a pair, value first": {"metadata": [{"value": SECRET, "name": "X-Api-Key"}]},
    "a pair of key and value": {"env": [{"key": "DB_PASSWORD", "value": SECRET}]},
}  # fmt: skip
FORMS: dict[str, Callable[[object], bytes]] = {
    "JSON": lambda body: json.dumps(body).encode(),
    "JSON with blanks": lambda body: json.dumps(body, indent=2).encode(),
    "JSON in JSON": lambda body: json.dumps({"arguments": json.dumps(body)}).encode(),
    "JSON in JSON in JSON": lambda body: json.dumps([json.dumps({"a": json.dumps(body)})]).encode(),
    "an event": lambda body: b"data: " + json.dumps(body).encode() + b"\n\n",
    "JSON that is cut": lambda body: json.dumps({"b": body, "rest": 1}).encode()[:-9],
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_credentials_in_bodies_are_known_by_their_names_and_places(name: str) -> None:
    check_each(partial(_is_known, name), FORMS)


def _is_known(name: str, form: str) -> None:
    body = FORMS[form](CREDENTIALS[name])
    exchange = Interaction(
        request=HttpRequest("POST", URL, JSON, body), response=HttpResponse(200, JSON, body)
    )
    redacted = redact_interaction(exchange)
    assert SECRET.encode() not in redacted.request.body + redacted.response.body
    assert len(redacted.response.body) == len(body)
    assert redact_interaction(redacted) == redacted
    if form == "JSON":
        json.loads(redacted.request.body)
        assert list(scan_interaction(exchange)) != []
    assert list(scan_interaction(redacted)) == []


@pytest.mark.parametrize(
    "body",
    [
        {"max_tokens": "5", "logprobs": [{"token": "Hello"}], "next_page_token": "abc"},
        {"prompt_cache_key": "a", "public_key": "b", "idempotency_key": "c", "eos_token": "</s>"},
        {"signature": "EqoB", "thought_signature": "Cg", "thoughtSignature": "Ch", "key": "value"},
        {"tools": [{"parameters": {"properties": {"headers": {"type": "object", "description": "d"}}}}]},
        {"url": "https://api.test/publishers/anthropic/models/claude-3-5@20240620:rawPredict"},
        {"text": "mail kim@a.test, see https://a.test/?q=1&keys=2&monkey=3#top"},
        {"name": "weather", "value": "sunny", "keys": ["a"], "tokens": ["b"], "secretary": "c"},
        {"token_type": "bearer", "password_hint": "pet", "keyword": "k", "tokenizer": "t"},
    ],
    ids=lambda body: next(iter(body)),
)  # fmt: skip
def test_names_that_only_resemble_credentials_are_left(body: object) -> None:
    request = asking(body)
    assert redact_interaction(Interaction(request=request, response=OK)).request == request


RULES = Redaction(paths=("/user/name", "/tags/*", "/delta/text"))


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ('{"user": {"name": "Kim", "id": 5}}', '{"user": {"name": "***", "id": 5}}'),
        ('{"tags": ["a\\"b", {"x": "cd"}, 17, true]}', '{"tags": ["****", {"x": "**"}, 11, true]}'),
        ('data: {"delta": {"text": "hi", "n": 1}}\n\ndata: [DONE]\n\n', 'data: {"delta": {"text": "**", "n": 1}}\n\ndata: [DONE]\n\n'),
        ('{"delta": {"text": "a"}}\n{"delta": {"text": "b"}}\n', '{"delta": {"text": "*"}}\n{"delta": {"text": "*"}}\n'),
    ],
    ids=["a path", "all below", "events", "lines"],
)  # fmt: skip
def test_a_path_of_the_users_is_taken_out(tmp_path: Path, body: str, after: str) -> None:
    path = tmp_path / "x.yaml"
    tape = open_cassette(path, "all", redaction=RULES).unwrap()
    RecordTransport(tape, ScriptedTransport([ScriptedResponse(chunks=(body.encode(),))])).send(
        HttpRequest("POST", URL, (), body.encode()), Timeouts()
    )
    tape.save().unwrap()
    replay = open_cassette(path, redaction=RULES).unwrap()
    got = replay.match(HttpRequest("POST", URL, (), body.replace("Kim", "Tom").encode())).unwrap()
    assert got is not None
    assert got.response.body == after.encode()
    assert list(scan_interaction(got, RULES)) == []
