"""lm15: `LM.stream` over its own FakeTransport. Its call is built with the first event, so it is in the measured time."""

from collections.abc import Callable, Mapping
from functools import partial

from lm15 import AnthropicLM, GeminiLM, Message, OpenAIChatLM, OpenAILM, Request
from lm15.providers.base import BaseProviderLM
from lm15.testing import FakeResponse, FakeTransport

from bench.measure import Prepare, Run
from bench.peers import Reader
from bench.samples import Sample


def read_stream(
    make: Callable[..., BaseProviderLM],
    model: str,
    sample: Sample,
    pieces: tuple[bytes, ...],
) -> Prepare:
    headers = [("content-type", sample.content_type)]

    def prepare() -> Run:
        answer = FakeResponse(200, b"", headers, chunks=list(pieces))
        lm = make(api_key="none", transport=FakeTransport([answer]))
        stream = lm.stream(Request(model=model, messages=(Message.user("Hi"),)))

        def run() -> str:
            text: list[str] = []
            for event in stream:
                if event.type == "delta" and event.delta.type == "text":
                    text.append(event.delta.text)
            return "".join(text)

        return run

    return prepare


READERS: Mapping[str, Reader] = {
    "openai_chat": partial(read_stream, OpenAIChatLM, "gpt-4o-mini"),
    "openai_responses": partial(read_stream, OpenAILM, "gpt-4o-mini"),
    "anthropic_messages": partial(read_stream, AnthropicLM, "claude-sonnet-4-5"),
    "gemini_content": partial(read_stream, GeminiLM, "gemini-2.5-flash"),
}
