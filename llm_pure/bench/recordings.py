"""Recorded traffic -> what can be measured: streams, complete answers, requests, texts. Reads the cassettes of any project.

Services are detected as `llm-pure cassette check` detects them. What this library itself reads as an error, and what is no chat,
is left out and counted, since the time of an error says nothing about reading.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.bench.sample import Sample
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.framing import FrameDecoder, frame_data
from llm_pure.framing.aws_eventstream import EventStreamDecoder
from llm_pure.framing.json_array import JsonArrayDecoder
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.replay.cassette import NO_CASSETTE, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.checks.check import ReadCall, read_call
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.server import server_dialects
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import TextDelta
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead, get_header
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult


class StreamCase(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded stream and the provider that reads it."""

    provider: Provider
    sample: Sample
    first_bytes: int
    """The bytes of the body after which the first event is returned."""


class AnswerCase(msgspec.Struct, frozen=True):
    """A recorded complete answer and the provider that reads it."""

    provider: Provider
    response: HttpResponse


class RequestCase(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded request as values, to be built again by the provider of its dialect."""

    provider: Provider
    config: LLMConfig
    request: ChatRequest
    body: Any
    """The JSON of the recorded body, decoded."""
    size: int
    """The bytes of the recorded body."""


class Recordings(msgspec.Struct, frozen=True, kw_only=True):
    """The cases of some files, and what of them was left out: reason -> how many."""

    streams: tuple[StreamCase, ...] = ()
    answers: tuple[AnswerCase, ...] = ()
    requests: tuple[RequestCase, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


def read_recordings(
    paths: Iterable[Path | str],
    registry: Registry,
    kind: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Recordings:
    """Read the cassettes at these paths. kind: "streams", "answers" or "build", the cases that are wanted.

    progress: called with the name of each file before it is read.
    """
    cases: list[Any] = []
    left_out: Counter[str] = Counter()
    for interaction in _interactions(paths, left_out, progress):
        case = _READERS[kind](interaction, registry)
        if isinstance(case, str):
            left_out[case] += 1
        elif case is not None:
            cases.append(case)
    field = {"streams": "streams", "answers": "answers", "build": "requests"}[kind]
    return msgspec.structs.replace(
        Recordings(left_out=tuple(sorted(left_out.items()))), **{field: tuple(cases)}
    )


def _interactions(
    paths: Iterable[Path | str], left_out: Counter[str], progress: Callable[[str], None]
) -> Iterator[Interaction]:
    for root in map(Path, paths):
        for file in find_cassettes(root):
            progress(file.name)
            entries = read_file(file).bind(partial(parse_entries, name=file.name))
            if isinstance(entries, Failure):
                if file == root or entries.failure().code != NO_CASSETTE:
                    left_out["file that is no cassette"] += 1
                continue
            for entry in entries.unwrap():
                if isinstance(entry, Failure):
                    left_out["entry that is no HTTP exchange"] += 1
                else:
                    yield entry.unwrap()


def _chat(interaction: Interaction, registry: Registry) -> ReadCall | str:
    """Return how to read the answer of a chat that succeeded, else why it is left out."""
    call = read_call(interaction, registry)
    if call is None or call.operation != "chat":
        return "no chat of a known service"
    if interaction.response.status >= 400:
        return "answer with an error status"
    return call


def _stream(interaction: Interaction, registry: Registry) -> StreamCase | str | None:
    call = _chat(interaction, registry)
    if isinstance(call, str):
        return call
    if not call.streamed:
        return None
    response = interaction.response
    events, error = read_pieces(call.provider.open_stream(response.head), (response.body,))
    payloads = _payloads(response)
    if error is not None or not payloads:
        return "stream that ends in an error"
    sample = Sample(
        dialect=call.provider.dialect,
        provider=call.provider.name,
        content_type=get_header(response.headers, "content-type") or "",
        frames=(response.body,),
        payloads=payloads,
        text="".join([event.text for event in events if isinstance(event, TextDelta)]),
        headers=response.headers,
    )
    return StreamCase(
        provider=call.provider,
        sample=sample,
        first_bytes=first_event_bytes(call.provider, response.head, response.body),
    )


def first_event_bytes(provider: Provider, head: ResponseHead, body: bytes) -> int:
    """Return the length of the shortest beginning of a body that gives an event. Decoders are split-invariant, so it can be bisected."""
    low, high = 0, len(body)
    while low + 1 < high:
        middle = (low + high) // 2
        fed = provider.open_stream(head).feed(body[:middle])
        low, high = (low, middle) if fed.value_or(()) else (middle, high)
    return high


def _payloads(response: HttpResponse) -> tuple[bytes, ...]:
    """Return the JSON texts of a stream, the input of the floor. Other data, such as [DONE], is left out."""
    frames = _framing(response)
    datas = [frame_data(frame) for frame in (*frames.feed(response.body), *frames.close())]
    return tuple([bytes(data) for data in datas if _is_json(data)])


def _framing(response: HttpResponse) -> FrameDecoder[Any]:
    kind = (get_header(response.headers, "content-type") or "").lower()
    start = response.body.lstrip()[:6]
    if "amazon.eventstream" in kind:
        return EventStreamDecoder()
    if "event-stream" in kind or start.startswith((b"data:", b"event:", b"id:", b":")):
        return SseDataDecoder()
    return JsonArrayDecoder() if start.startswith(b"[") else NdjsonDecoder()


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except DECODE_ERRORS:
        return False
    return True


def _answer(interaction: Interaction, registry: Registry) -> AnswerCase | str | None:
    call = _chat(interaction, registry)
    if isinstance(call, str):
        return call
    if call.streamed:
        return None
    response = interaction.response
    if isinstance(call.provider.parse_chat(response), Failure) or not _is_json(response.body):
        return "answer that is read as an error"
    return AnswerCase(call.provider, response)


def _request(interaction: Interaction, registry: Registry) -> RequestCase | str | None:
    call = read_call(interaction, registry)
    if call is None or call.operation != "chat":
        return "no chat of a known service"
    provider, recorded = call.provider, interaction.request
    if provider.dialect not in server_dialects:
        return f"request of {provider.dialect}, which no server side reads"
    received = server_dialects[provider.dialect].parse_request(recorded)
    if isinstance(received, Failure) or received.unwrap().operation != "chat":
        return "request that cannot be read as values"
    chat = received.unwrap().chat
    config = LLMConfig(
        api_type=provider.name,
        model=received.unwrap().model,
        base_url="https://bench.invalid/v1",
        api_key="none",
        region_name="us-east-1",
        project="none",
        location="none",
    )
    if isinstance(provider.build_chat(config, chat), Failure):
        return "request that cannot be built"
    return RequestCase(
        provider=provider,
        config=config,
        request=chat,
        body=msgspec.json.decode(recorded.body),
        size=len(recorded.body),
    )


_READERS: dict[str, Callable[[Interaction, Registry], Any]] = {
    "streams": _stream,
    "answers": _answer,
    "build": _request,
}


def recorded_texts(path: Path) -> LLMResult[tuple[str, ...]]:
    """Return the texts of a cassette's requests and answers: the strings in "content" and "text". Fails if it is not a cassette."""
    entries = read_file(path).bind(partial(parse_entries, name=path.name))
    return entries.map(
        lambda rows: tuple(
            [
                text
                for row in rows
                if not isinstance(row, Failure)
                for body in _bodies(row.unwrap())
                for text in _strings(body)
            ]
        )
    )


def _bodies(interaction: Interaction) -> Iterator[bytes]:
    messages: tuple[HttpRequest | HttpResponse, ...] = (interaction.request, interaction.response)
    for message in messages:
        if _is_json(message.body):
            yield message.body


def _strings(body: bytes) -> Iterator[str]:
    pending: list[Any] = [msgspec.json.decode(body)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in ("content", "text") and isinstance(inner, str) and inner:
                    yield inner
                elif isinstance(inner, dict | list):
                    pending.append(inner)
        elif isinstance(value, list):
            pending += value
