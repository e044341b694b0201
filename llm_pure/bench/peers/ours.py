"""Ours: `open_stream`, `feed` and `close`; and the frame decoders alone."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from llm_pure.adapters import registry
from llm_pure.bench.peers import Reader
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare
from llm_pure.core.provider import Provider
from llm_pure.framing import FrameDecoder
from llm_pure.framing.aws_eventstream import EventStreamDecoder
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.framing.sse import SseDecoder
from llm_pure.types.events import TextDelta

F = TypeVar("F")


def read_stream(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    return read_provider(registry.get(sample.provider).unwrap(), sample, pieces)


def read_provider(provider: Provider, sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    """As `read_stream`, by a provider that need not be in the registry. Opening the decoder is in the measured time."""
    head = sample.head

    def run() -> str:
        decoder = provider.open_stream(head)
        text: list[str] = []
        for piece in pieces:
            for event in decoder.feed(piece).unwrap():
                if type(event) is TextDelta:
                    text.append(event.text)
        decoder.close().unwrap()
        return "".join(text)

    return lambda: run


def cut_frames(
    create: Callable[[], FrameDecoder[F]], sample: Sample, pieces: tuple[bytes, ...]
) -> Prepare:
    def run() -> int:
        decoder = create()
        return sum([len(decoder.feed(piece)) for piece in pieces]) + len(decoder.close())

    return lambda: run


_SSE: Reader = partial(cut_frames, SseDecoder)

FRAMERS: Mapping[str, Reader] = {
    "openai_chat": _SSE,
    "openai_responses": _SSE,
    "anthropic_messages": _SSE,
    "gemini_content": _SSE,
    "bedrock_converse": partial(cut_frames, EventStreamDecoder),
    "ollama_native": partial(cut_frames, NdjsonDecoder),
}
