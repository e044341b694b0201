"""`llm-pure stream fuzz`, with and without `--disorders`."""

from pathlib import Path

import pytest

from llm_pure import HttpRequest, HttpResponse
from llm_pure.cli import stream
from llm_pure.cli.main import main
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.cassette_files import load_cassette, save_cassette
from llm_pure.replay.disorders.answer import with_body
from llm_pure.replay.disorders.disorder import Disorder
from tests.support.disorder_rows import events
from tests.support.tiny_provider import REGISTRY

Captured = pytest.CaptureFixture[str]
STREAM = events('{"text": "a"}', '{"text": "b"}', '{"end": true}')
HEADERS = (("content-type", "text/event-stream"),)


def disorder(name: str, old: bytes, new: bytes) -> Disorder:
    return Disorder(
        name=name,
        description="bytes replaced",
        source="a test",
        dialects=("tiny",),
        deform=lambda answer: with_body(answer, answer.response.body.replace(old, new)),
    )


SPACED, CHANGED = disorder("spaced", b"data: ", b"data:"), disorder("changed", b"b", b"x")


@pytest.fixture
def cassette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recorded stream of a provider that nobody has, and two disorders: one is read well, one is not."""
    monkeypatch.setattr(stream, "registry", REGISTRY)
    monkeypatch.setattr(stream, "DISORDERS", (SPACED, CHANGED))
    interaction = Interaction(
        request=HttpRequest("POST", "http://tiny.test/ask", (), b"{}"),
        response=HttpResponse(200, HEADERS, STREAM),
        provider="tiny",
        operation="chat",
    )
    path = tmp_path / "a.yaml"
    save_cassette(path, Cassette(interactions=(interaction,))).unwrap()
    return path


def test_a_good_stream_is_0_and_its_disorders_are_not_tried_unasked(
    cassette: Path, capsys: Captured
) -> None:
    assert main(["stream", "fuzz", str(cassette), "--rounds", "2"]) == 0
    assert capsys.readouterr().out == (
        f"ok    tiny                     {len(STREAM)} bytes     2 splits       2 cuts  {cassette}#0\n"
        "1 streams, 2 splits, 2 cuts, 2 corrupted copies: 0 divergences\n"
    )


def test_a_disorder_that_is_read_otherwise_is_named_with_file_and_interaction(
    cassette: Path, tmp_path: Path, capsys: Captured
) -> None:
    command = [
        "stream",
        "fuzz",
        str(cassette),
        "--disorders",
        "--rounds",
        "5",
        "--out",
        str(tmp_path),
    ]

    assert main(command) == 1

    written = tmp_path / "divergence.changed.tiny.yaml"
    captured = capsys.readouterr()
    assert captured.out.splitlines()[2:] == [
        f"FAIL  changed  tiny  {cassette}#0: completion at message.parts[0].text: expected 'ab', got 'ax'",
        "spaced                                1 answers      0 divergences",
        "changed                               1 answers      1 divergences",
        "2 disorders, 2 deformed answers: 1 divergences",
    ]
    assert captured.err == f"      the shortest body that shows it: {written}\n"
    (example,) = load_cassette(written).unwrap().interactions
    assert example.response.body == events('{"text": "x"}', '{"end": true}')


def test_disorders_that_are_read_well_are_0(
    cassette: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "DISORDERS", (SPACED,))
    assert main(["stream", "fuzz", str(cassette), "--disorders"]) == 0
    assert capsys.readouterr().out.endswith("1 disorders, 1 deformed answers: 0 divergences\n")
