"""Cassettes as values: every layout that recorders have written, and back."""

import base64
import errno
import gzip
import os
import zlib
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from llm_pure import HttpRequest, HttpResponse
from llm_pure.replay.cassette import (
    Cassette,
    Interaction,
    parse_cassette,
    parse_entries,
    render_cassette,
)
from llm_pure.replay.cassette_files import find_cassettes, load_cassette, save_cassette
from llm_pure.replay.player import open_replay
from llm_pure.types.errors import InvalidConfiguration, ProtocolError

vcr_serialize = import_module("vcr.serialize")  # vcrpy has no types
vcr_yaml = import_module("vcr.serializers.yamlserializer")

REQUEST = {"method": "post", "uri": "https://a.test/v1/x", "body": "{}", "headers": {"A": ["b"]}}
ASKED = HttpRequest("POST", "https://a.test/v1/x", (("a", "b"),), b"{}")
PLAIN = '{"text":"grüß"}'


def one(response: object, request: object = REQUEST) -> str:
    entry = {"request": request, "response": response}
    return str(yaml.safe_dump({"interactions": [entry], "version": 1}))


def answer(**fields: object) -> dict[str, object]:
    return {"status": {"code": 200, "message": "OK"}, "headers": {"X": ["y"]}, **fields}


LAYOUTS = {
    "vcrpy today": answer(body={"string": PLAIN}),
    "bytes": answer(body={"string": PLAIN.encode()}),
    "httpx before 2021, text": {"status_code": 200, "http_version": "HTTP/1.1",
                                "headers": {"X": "y"}, "content": PLAIN},
    "httpx before 2021, bytes": {"status_code": 200, "headers": {"X": "y"},
                                 "content": PLAIN.encode()},
    "httpx, headers as pairs": {"status_code": 200, "headers": [["X", "y"]], "content": PLAIN},
    "parsed_body": answer(parsed_body={"text": "grüß"}),
    "base64_string": answer(body={"base64_string": base64.b64encode(PLAIN.encode()).decode()}),
    "Ruby": answer(body={"encoding": "UTF-8", "string": PLAIN}),
    "body as a scalar": answer(body=PLAIN),
    "gzip": answer(headers={"X": ["y"], "Content-Encoding": ["gzip"], "Content-Length": ["9"]},
                   body={"string": gzip.compress(PLAIN.encode())}),
    "gzip, header filtered out": answer(body={"string": gzip.compress(PLAIN.encode())}),
    "gzip in two members": answer(
        body={"string": gzip.compress(PLAIN[:5].encode()) + gzip.compress(PLAIN[5:].encode())}),
    "gzip, decoded by the recorder": answer(headers={"X": ["y"], "content-encoding": ["gzip"]},
                                            body={"string": PLAIN}),
    "deflate": answer(headers={"X": ["y"], "Content-Encoding": ["deflate"]},
                      body={"string": zlib.compress(PLAIN.encode())}),
    "raw deflate": answer(headers={"X": ["y"], "Content-Encoding": ["deflate"]},
                          body={"string": zlib.compress(PLAIN.encode(), wbits=-15)}),
    "br, decoded by the recorder": answer(headers={"X": ["y"], "content-encoding": ["br"]},
                                          body={"string": PLAIN}),
}  # fmt: skip


@pytest.mark.parametrize("response", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_layout_gives_the_same_values(response: object) -> None:
    [got] = parse_cassette(one(response)).unwrap().interactions
    assert got.request == ASKED
    assert got.response == HttpResponse(200, (("x", "y"),), PLAIN.encode())


REQUESTS = {
    "null body": ({"body": None}, b""),
    "empty body": ({"body": ""}, b""),
    "string in a mapping": ({"body": {"string": "hi"}}, b"hi"),
    "parsed_body": ({"parsed_body": {"a": [1, None, "2024-01-01"]}}, b'{"a":[1,null,"2024-01-01"]}'),
    "bytes": ({"body": b"\xff\x00"}, b"\xff\x00"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "body"), REQUESTS.values(), ids=REQUESTS.keys())
def test_request_bodies_come_in_many_shapes(fields: dict[str, object], body: bytes) -> None:
    request = {"method": "POST", "uri": "https://a.test", "headers": None, **fields}
    [got] = parse_cassette(one(answer(body=None), request)).unwrap().interactions
    assert got.request == HttpRequest("POST", "https://a.test", (), body)


def test_headers_with_several_values_keep_them_in_order() -> None:
    headers = {"Set-Cookie": ["a=1", "b=2"], "Age": [7]}
    [got] = parse_cassette(one(answer(headers=headers, body=""))).unwrap().interactions
    assert sorted(got.response.headers) == [
        ("age", "7"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]


FAULTS = {
    "no mapping": ("- 1", "c.yaml", "not_a_cassette"),
    "no interactions": ("version: 1", "c.yaml", "not_a_cassette"),
    "no request": ("interactions: [{response: {}}]", "c.yaml: interactions[0]", "not_http"),
    "no uri": ("interactions: [{request: {method: GET}}]", "c.yaml: interactions[0].request", "not_http"),
    "no response": (one(None), "c.yaml: interactions[0].response", "cassette"),
    "no status": (one({"body": ""}), "c.yaml: interactions[0].response", "cassette"),
    "a list as the body": (one(answer(body=[1])), "c.yaml: interactions[0].response.body", "cassette"),
    "broken base64": (one(answer(body={"base64_string": "a"})),
                      "c.yaml: interactions[0].response.body.base64_string", "cassette"),
    "a list as a header": (one(answer(headers=3, body=[1])),
                           "c.yaml: interactions[0].response.body", "cassette"),
    "broken gzip in the request": (
        one(answer(body=""), {**REQUEST, "headers": {"content-encoding": ["gzip"]},
                              "body": b"\x1f\x8b\x00nothing"}),
        "c.yaml: interactions[0].request", "cassette"),
    "broken base64 in the request": (one(answer(body=""), {**REQUEST, "body": {"base64_string": "a"}}),
                                     "c.yaml: interactions[0].request.body.base64_string", "cassette"),
    "bytes in parsed_body": (one(answer(parsed_body={"a": b"\xff"})),
                             "c.yaml: interactions[0].response.parsed_body", "cassette"),
    "broken gzip": (one(answer(headers={"content-encoding": ["gzip"]}, body=b"\x1f\x8b\x00nothing")),
                    "c.yaml: interactions[0].response", "cassette"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "where", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_the_file_and_the_place(text: str, where: str, code: str) -> None:
    match parse_cassette(text, name="c.yaml"):
        case Failure(ProtocolError() as fault):
            assert (fault.where, fault.code) == (where, code)
        case other:
            pytest.fail(f"{other}")


def test_a_coding_that_cannot_be_read_is_a_fault_that_says_what_is_missing() -> None:
    coded = answer(headers={"content-encoding": ["br"]}, body=b"\xff\xfe\x00")
    fault = parse_cassette(one(coded), name="c.yaml").failure()
    assert isinstance(fault, ProtocolError)
    assert fault.where == "c.yaml: interactions[0].response"
    assert "the content coding" in fault.message


def test_a_coded_body_that_was_cut_gives_what_it_holds() -> None:
    cut = gzip.compress(b"x" * 100_000)[:-20]
    [got] = parse_cassette(one(answer(body=cut))).unwrap().interactions
    assert got.response.body.startswith(b"xxx")


def test_gzip_that_python_2_wrote_as_text_is_read() -> None:
    text = gzip.compress(PLAIN.encode()).decode("latin-1")
    [got] = parse_cassette(one(answer(body={"string": text}))).unwrap().interactions
    assert got.response.body == PLAIN.encode()


def test_a_fault_in_one_interaction_leaves_the_others_readable() -> None:
    good, bad = yaml.safe_load(one(answer(body="")))["interactions"][0], {"request": 1}
    text = yaml.safe_dump({"interactions": [good, bad, good]})
    entries = list(parse_entries(text).unwrap())
    assert [isinstance(entry, Success) for entry in entries] == [True, False, True]


HEADERS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.text(st.characters(exclude_categories=["Cs"]))),
    max_size=3,
).map(lambda pairs: tuple(sorted(pairs, key=lambda pair: pair[0])))
BODIES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])).map(str.encode), st.binary()
).filter(lambda body: not body.startswith(b"\x1f\x8b"))
INTERACTIONS = st.builds(
    Interaction,
    request=st.builds(HttpRequest, st.just("POST"), st.just("https://a.test/x"), HEADERS, BODIES),
    response=st.builds(HttpResponse, st.integers(100, 599), HEADERS, BODIES),
    reason=st.sampled_from(["", "OK"]),
    recorded_from=st.sampled_from(["", "aimock 1.2 on loopback"]),
)


@given(st.lists(INTERACTIONS, max_size=3))
def test_a_written_cassette_is_read_back_exactly(interactions: list[Interaction]) -> None:
    cassette = Cassette(interactions=tuple(interactions), name="c", recorded_from="somewhere")
    assert parse_cassette(render_cassette(cassette), name="c") == Success(cassette)


@given(st.lists(INTERACTIONS, max_size=3))
def test_a_written_cassette_is_read_by_vcrpy(interactions: list[Interaction]) -> None:
    text = render_cassette(Cassette(interactions=tuple(interactions), recorded_from="somewhere"))
    requests, responses = vcr_serialize.deserialize(text, vcr_yaml)[:2]
    assert [(one.uri, one.body or b"") for one in requests] == [
        (one.request.url, one.request.body) for one in interactions
    ]
    assert [(one["status"]["code"], one["body"]["string"]) for one in responses] == [
        (one.response.status, one.response.body) for one in interactions
    ]


STREAMED = Interaction(
    request=ASKED,
    response=HttpResponse(200, (("content-type", "text/event-stream"),), b"data: 1\n\ndata: 2\n\n"),
    reason="OK",
    sizes=(4, 14),
    delays_ms=(120, 3),
)


def test_the_borders_of_a_stream_are_kept() -> None:
    cassette = Cassette(interactions=(STREAMED,), name="c")
    text = render_cassette(cassette)
    assert "sizes: [4, 14]" in text
    assert parse_cassette(text, name="c") == Success(cassette)


def test_borders_that_do_not_fit_an_edited_body_are_dropped() -> None:
    text = render_cassette(Cassette(interactions=(STREAMED,))).replace("data: 2", "data: 22")
    [got] = parse_cassette(text).unwrap().interactions
    assert (got.sizes, got.delays_ms) == ((), ())


def test_a_saved_cassette_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "new" / "c.yaml"
    cassette = Cassette(interactions=(STREAMED,), name=str(target))
    for _ in range(2):
        assert save_cassette(target, cassette) == Success(target)
    assert load_cassette(target) == Success(cassette)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_a_configuration_fault(tmp_path: Path, name: str) -> None:
    assert isinstance(load_cassette(tmp_path / name).failure(), InvalidConfiguration)


def test_a_save_that_fails_keeps_the_old_file_and_leaves_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "c.yaml"
    save_cassette(target, Cassette(interactions=(STREAMED,))).unwrap()
    before = target.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    assert os.strerror(errno.ENOSPC) in save_cassette(target, Cassette()).failure().message
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (before, [target])


def test_a_folder_that_cannot_be_written_is_a_configuration_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = save_cassette(tmp_path / "file" / "c.yaml", Cassette()).failure()
    assert isinstance(refused, InvalidConfiguration)


def test_cassettes_are_found_in_order_below_a_folder_and_hidden_ones_are_not(
    tmp_path: Path,
) -> None:
    for name in ("b/2.yml", "a.yaml", "b/1.yaml", "b/readme.md", ".git/x.yaml", ".c.yaml.tmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in find_cassettes(tmp_path)]
    assert found == ["a.yaml", "b/1.yaml", "b/2.yml"]


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "a\ud800b"])
def test_a_path_that_no_file_can_have_is_an_error_value(path: str) -> None:
    for result in (open_replay(path), load_cassette(path), save_cassette(path, Cassette())):
        assert isinstance(result.failure(), InvalidConfiguration)
