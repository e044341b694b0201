"""A planted secret is nowhere in what is written, and what is no secret is left as it was."""

import base64
import gzip
import json
from importlib import import_module
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay.cassette import Cassette, Interaction, render_cassette
from llm_pure.replay.secrets.redaction import (
    Redaction,
    before_record_request,
    before_record_response,
    redact_cassette,
    redact_interaction,
    redact_request,
    redact_response,
    redact_url,
)

CANARY = "sk-proj-Canary0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rtEXtComment\x00" + CANARY.encode() + b"\x00\xff\xd8" * 9
IMAGE = base64.b64encode(PNG).decode()

PLACES = {
    "query": HttpRequest("GET", f"https://a.test/v1?key={CANARY}"),
    "query, percent-encoded name": HttpRequest("GET", f"https://a.test/v1?api%5Fkey={CANARY}"),
    "path": HttpRequest("GET", f"https://a.test/{CANARY}/x"),
    "user information": HttpRequest("GET", f"https://me:{CANARY}@a.test/"),
    "authorization": HttpRequest("GET", "https://a.test", (("authorization", f"Bearer {CANARY}"),)),
    "a header nobody knows": HttpRequest("GET", "https://a.test", (("x-mine", CANARY),)),
    "a header that is kept": HttpRequest("GET", "https://a.test", (("accept", CANARY),)),
    "body": HttpRequest("POST", "https://a.test", (), json.dumps({"a": [{"b": CANARY}]}).encode()),
    "body, JSON within JSON": HttpRequest(
        "POST", "https://a.test", (), json.dumps({"a": json.dumps({"b": CANARY})}).encode()
    ),
    "image metadata": HttpRequest(
        "POST", "https://a.test", (), f'{{"url":"data:image/png;base64,{IMAGE}"}}'.encode()
    ),
    "form": HttpRequest(
        "POST",
        "https://a.test",
        (("content-type", "application/x-www-form-urlencoded"),),
        f"grant_type=x&client_secret={CANARY}".encode(),
    ),
    "bytes that are no text": HttpRequest("POST", "https://a.test", (), b"\xff" + CANARY.encode()),
}


@pytest.mark.parametrize("request_", PLACES.values(), ids=PLACES.keys())
def test_a_secret_in_a_request_is_not_written(request_: HttpRequest) -> None:
    assert_clean(Interaction(request=request_, response=HttpResponse(200)))


ANSWERS = {
    "header": HttpResponse(200, (("set-cookie", CANARY), ("x-request-id", CANARY))),
    "body": HttpResponse(200, (), f'{{"echo":{{"text":"{CANARY}"}}}}'.encode()),
    "event stream": HttpResponse(200, (), f'data: {{"echo":"{CANARY}"}}\n\n'.encode()),
    "image": HttpResponse(200, (), f'{{"b64_json":"{IMAGE}"}}'.encode()),
    "url-safe base64": HttpResponse(200, (), base64.urlsafe_b64encode(PNG)),
}


@pytest.mark.parametrize("response", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_secret_in_an_answer_is_not_written(response: HttpResponse) -> None:
    assert_clean(Interaction(request=HttpRequest("GET", "https://a.test"), response=response))


def assert_clean(interaction: Interaction) -> None:
    written = render_cassette(Cassette(interactions=(redact_interaction(interaction),)))
    again = redact_interaction(redact_interaction(interaction))
    assert again == redact_interaction(interaction)
    for text in (written, decoded_base64(written)):
        assert CANARY not in text
        assert "Canary0123" not in text


def decoded_base64(text: str) -> str:
    runs = [run for run in text.replace('"', " ").replace(",", " ").split() if len(run) > 40]
    return "".join(
        base64.urlsafe_b64decode(
            run[: len(run) // 4 * 4].replace("+", "-").replace("/", "_")
        ).decode("latin-1")
        for run in runs
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{"api_key":"plain words"}', '{"api_key":"***********"}'),
        ('{"Client-Secret" : "a\\"b"}', '{"Client-Secret" : "****"}'),
        ('{"a":"{\\"password\\": \\"hunter2\\"}"}', '{"a":"{\\"password\\": \\"*******\\"}"}'),
        ('{"secretAccessKey":"abc"}', '{"secretAccessKey":"***"}'),
        ('{"mine":"abc"}', '{"mine":"***"}'),
        ("organization org-AbCdEfGhIjKlMnOpQr on", "organization ********************** on"),
        ("arn:aws:bedrock:us-east-1:123456789012:profile/x", "arn:aws:bedrock:us-east-1:************:profile/x"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
         "-----BEGIN PRIVATE KEY-----******-----END PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_what_is_taken_out_of_an_answer_keeps_its_length(text: str, after: str) -> None:
    redaction = Redaction(secret_names=("mine",))
    assert redact_response(HttpResponse(200, (), text.encode()), redaction).body == after.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"logprobs":{"content":[{"token":"Hello","bytes":[72]}]}}',
        '{"signature":"EqoBCkgIARABGAIiQL8mYXk3b0xhZ2VudHM=","thinking":"so"}',
        '{"parameters":{"properties":{"api_key":{"type":"string"}}}}',
        '{"api_key":null,"max_tokens":5}',
        '{"id":"chatcmpl-C2P1wP1damHwC6sXvGAIh5PMvH6wM","model":"gpt-4o-2024-08-06"}',
        '{"id":"call_Vz0Sie91Ap56nH0ThKGrZXT7","text":"sk- is how keys begin"}',
        f'{{"data":"{base64.b64encode(bytes(range(256)) * 3).decode()}"}}',
        "A" * 300 + "AIza" + "B" * 300,
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert redact_response(HttpResponse(200, (), text.encode())).body == text.encode()
    assert redact_request(HttpRequest("POST", "https://a.test", (), text.encode())).body == (
        text.encode()
    )


def test_a_key_between_long_runs_of_base64_is_found() -> None:
    run, key = "B" * 250, "AIza" + "c" * 30
    text = f'["{run}","{run}AIza{run}","{key}","{run}","{key}"]'.encode()
    stars = b"*" * len(key)
    assert redact_response(HttpResponse(200, (), text)).body == text.replace(key.encode(), stars)


def test_only_headers_of_the_list_are_kept() -> None:
    names = [
        "content-type",
        "retry-after",
        "x-ratelimit-remaining-tokens",
        "x-request-id",
        "x-mine",
    ]
    headers = tuple([(name, "1") for name in [*names, "openai-organization", "server", "cf-ray"]])
    got = redact_response(HttpResponse(200, headers), Redaction(kept_headers=("x-mine",)))
    assert [name for name, _ in got.headers] == names


def test_a_secret_that_was_told_is_taken_out_wherever_it_is() -> None:
    redaction = Redaction(secrets=("my dog's name",))
    told = HttpRequest("POST", "https://a.test/my dog's name", (), b'["my dog\'s name"]')
    assert redact_request(told, redaction) == HttpRequest(
        "POST", "https://a.test/***", (), b'["***"]'
    )
    assert "dog" not in repr(redaction)


@given(st.binary())
def test_any_body_keeps_its_length_and_a_second_time_changes_nothing(body: bytes) -> None:
    once = redact_response(HttpResponse(200, (), body))
    assert len(once.body) == len(body)
    assert redact_response(once) == once


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_second_time_changes_no_url(path: str) -> None:
    once = redact_url(f"https://a.test/{path}")
    assert redact_url(once) == once


def test_borders_of_a_stream_stay_true() -> None:
    body = f'data: {{"echo":"{CANARY}"}}\n\n'.encode()
    streamed = Interaction(
        request=HttpRequest("GET", "https://a.test"),
        response=HttpResponse(200, (), body),
        sizes=(5, len(body) - 5),
    )
    cassette = redact_cassette(Cassette(interactions=(streamed,)))
    [got] = cassette.interactions
    assert sum(got.sizes) == len(got.response.body)


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (None, None),
        (b"x", b"x"),
        ("é", "é".encode()),
        (BytesIO(CANARY.encode()), b"***"),
        (iter([b"a ", CANARY.encode()]), b"a ***"),
    ],
    ids=["none", "bytes", "text", "a file", "pieces"],
)
def test_vcrpy_bodies_of_every_kind_are_redacted(body: object, after: bytes | None) -> None:
    request = import_module("vcr.request").Request("POST", "https://a.test", body, {})
    assert before_record_request(request).body == after


def test_vcrpy_records_no_secret_through_our_hooks() -> None:
    vcr_request = import_module("vcr.request").Request(
        "POST",
        f"https://a.test/v1?key={CANARY}",
        f'{{"x":"{CANARY}"}}',
        {"Authorization": f"Bearer {CANARY}", "Content-Type": "application/json"},
    )
    request = before_record_request(vcr_request)
    assert (request.uri, request.body, dict(request.headers)) == (
        "https://a.test/v1?key=***",
        b'{"x":"***"}',
        {"content-type": "application/json"},
    )
    response = before_record_response(
        {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Set-Cookie": [CANARY], "Content-Type": ["text/plain"]},
            "body": {"string": CANARY.encode()},
            "url": f"https://a.test/v1?key={CANARY}",
        }
    )
    assert response == {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["text/plain"]},
        "body": {"string": b"*" * len(CANARY)},
        "url": "https://a.test/v1?key=***",
    }
    assert response is not None
    assert before_record_response(response) == response


def test_a_coded_body_is_decoded_before_vcrpy_writes_it_or_is_not_written() -> None:
    def recorded(coding: str, body: bytes) -> dict[str, object]:
        return {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Encoding": [coding]},
            "body": {"string": body},
        }

    plain = before_record_response(recorded("gzip", gzip.compress(CANARY.encode())))
    assert plain == {**recorded("", b"*" * len(CANARY)), "headers": {}}
    assert before_record_response(recorded("gzip", b"\x1f\x8b broken")) is None
