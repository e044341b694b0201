"""Each endpoint beside chat that the table of providers names was recorded: a good answer, and an error that it gives."""

from collections.abc import Iterator
from typing import Any

import pytest

from llm_pure.adapters import registry
from llm_pure.core.capabilities import OTHER_OPERATIONS, capabilities
from llm_pure.core.provider import Operation
from llm_pure.replay.chunking import random_chunks, single_bytes, split_body
from llm_pure.types.errors import LLMError, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import Recorded, recorded

RECORDED_AS = {"count_tokens": "count"}
"""What the cassettes call a field of Provider, where it has another name there."""


def endpoints() -> Iterator[tuple[str, str]]:
    """(api_type, field of Provider) for each ✓ of the table."""
    for name in registry.names():
        able = capabilities(registry.get(name).unwrap())
        for capability, field in OTHER_OPERATIONS:
            # tests/every_provider/test_batch_recorded.py
            if capability in able and field != "batch":
                yield name, field


def kept(name: str, field: str) -> list[Recorded]:
    wanted = RECORDED_AS.get(field, field)
    provider = registry.get(name).unwrap()
    return [
        one for one in recorded() if one.provider.name == provider.name and one.operation == wanted
    ]


def operation(name: str, field: str) -> Operation[Any, Any]:
    found: Operation[Any, Any] = getattr(registry.get(name).unwrap(), field)
    return found


ENDPOINTS = [pytest.param(*one, id="-".join(one)) for one in endpoints()]


@pytest.mark.parametrize(("name", "field"), ENDPOINTS)
def test_a_good_answer_was_recorded_and_reads_as_a_value(name: str, field: str) -> None:
    answers = [one for one in kept(name, field) if one.interaction.response.status < 300]

    assert answers, f"{name} has {field}, and no cassette shows it"
    for one in answers:
        if one.is_answer:
            got = operation(name, field).parse(one.interaction.response)
            assert isinstance(got, Success), one.file
            assert got.unwrap().provider == registry.get(name).unwrap().name


@pytest.mark.parametrize(("name", "field"), ENDPOINTS)
def test_an_error_was_recorded_and_reads_as_a_typed_one(name: str, field: str) -> None:
    errors = [one for one in kept(name, field) if not one.is_answer]

    assert errors, f"no cassette shows an error of {name}'s {field}"
    for one in errors:
        got = operation(name, field).parse(one.interaction.response)
        assert isinstance(got, Failure), one.file
        error: LLMError = got.failure()
        assert not isinstance(error, ProtocolError), one.file
        assert (error.status or 0) >= 400, one.file


def test_no_cassette_is_of_an_endpoint_that_its_provider_lacks() -> None:
    named = {RECORDED_AS.get(field, field): field for _, field in OTHER_OPERATIONS}
    lacking = [
        one.file
        for one in recorded()
        if one.operation in named and getattr(one.provider, named[one.operation]) is None
    ]
    assert lacking == []


# speech, streamed

SPOKEN = [one for one in recorded() if one.operation == "speech"]
BY_FILE = [pytest.param(one, id=one.file) for one in SPOKEN]


@pytest.mark.parametrize("one", BY_FILE)
def test_speech_reads_the_same_however_its_bytes_are_split(one: Recorded) -> None:
    whole = one.provider.speech
    assert whole is not None
    expected = whole.parse(one.interaction.response)
    for borders in (single_bytes, random_chunks(1, 7), random_chunks(2, 97)):
        decoder = opened(one)
        sound = b""
        got: Any = None
        for piece in split_body(one.interaction, borders):
            got = decoder.feed(piece)
            if isinstance(got, Failure):
                break
            sound += b"".join(got.unwrap())
        if not isinstance(got, Failure):
            got = decoder.close()
            sound += b"".join(got.unwrap()) if isinstance(got, Success) else b""
        if isinstance(expected, Failure):
            assert got == expected
        else:
            assert decoder.partial() == expected.unwrap()
            assert sound == expected.unwrap().data


@pytest.mark.parametrize("one", [one for one in BY_FILE if "200" in str(one.id)])
def test_speech_that_is_cut_is_a_failure_with_the_sound_so_far(one: Recorded) -> None:
    assert one.provider.speech is not None
    whole = one.provider.speech.parse(one.interaction.response).unwrap()
    body = one.interaction.response.body
    told_at = body.find(b"speech.audio.done")  # only events tell their own end
    ends = body.find(b"\n\n", told_at) if told_at >= 0 else len(body)
    for cut in range(ends):
        decoder = opened(one)
        fed = decoder.feed(body[:cut])
        closed = fed if isinstance(fed, Failure) else decoder.abort()
        assert isinstance(closed, Failure), f"cut at {cut} of {len(body)}"
        partial = closed.failure().partial
        parts = () if partial is None else partial.message.parts
        said = b"".join([part.data or b"" for part in parts if hasattr(part, "data")])
        assert whole.data.startswith(said)
        assert said == decoder.partial().data


def opened(one: Recorded) -> Any:
    """The decoder of this answer."""
    assert one.provider.open_speech is not None
    return one.provider.open_speech(one.interaction.response.head)


def test_a_provider_that_speaks_also_speaks_in_a_stream() -> None:
    for name in registry.names():
        provider = registry.get(name).unwrap()
        assert (provider.speech is None) == (provider.open_speech is None), name


def test_any_bytes_read_as_a_value_or_an_error() -> None:
    for name, field in endpoints():
        for status in (200, 429, 500):
            for body in (
                b"",
                b"{}",
                b"[]",
                b"null",
                b"\xff\xfe",
                b'{"data":[{}]}',
                b'{"models":{}}',
            ):
                got = operation(name, field).parse(HttpResponse(status, (), body))
                assert isinstance(got, Success | Failure)
