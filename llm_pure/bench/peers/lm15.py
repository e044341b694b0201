"""lm15: `LM.stream` over its own FakeTransport. Its call is built with the first event, so it is in the measured time."""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from llm_pure.bench.peers import Reader
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


def read_stream(
    class_name: str,
    model: str,
    sample: Sample,
    pieces: tuple[bytes, ...],
) -> Prepare:
    lm15: Any = import_module("lm15")
    testing: Any = import_module("lm15.testing")
    headers = [("content-type", sample.content_type)]

    def prepare() -> Run:
        answer = testing.FakeResponse(200, b"", headers, chunks=list(pieces))
        lm = getattr(lm15, class_name)(api_key="none", transport=testing.FakeTransport([answer]))
        stream = lm.stream(lm15.Request(model=model, messages=(lm15.Message.user("Hi"),)))

        def run() -> str:
            text: list[str] = []
            for event in stream:
                if event.type == "delta" and event.delta.type == "text":
                    text.append(event.delta.text)
            return "".join(text)

        return run

    return prepare


READERS: Mapping[str, Reader] = {
    "openai_chat": partial(read_stream, "OpenAIChatLM", "gpt-4o-mini"),
    "openai_responses": partial(read_stream, "OpenAILM", "gpt-4o-mini"),
    "anthropic_messages": partial(read_stream, "AnthropicLM", "claude-sonnet-4-5"),
    "gemini_content": partial(read_stream, "GeminiLM", "gemini-2.5-flash"),
}
