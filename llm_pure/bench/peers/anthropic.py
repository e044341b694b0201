"""anthropic: `messages.create(stream=True)`, and `messages.stream`."""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from llm_pure.bench.peers import Reader
from llm_pure.bench.peers.memory import http_client
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


def _http_library() -> ModuleType:
    """Since 2.0 the package stands on httpx2."""
    try:
        return import_module("httpx2")
    except ImportError:
        return import_module("httpx")


def _client(sample: Sample, pieces: tuple[bytes, ...]) -> Any:
    over = http_client(_http_library(), sample, pieces)
    return import_module("anthropic").Anthropic(api_key="none", http_client=over, max_retries=0)


def read_messages(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client = _client(sample, pieces)

    def prepare() -> Run:
        stream = client.messages.create(
            model="claude-of-the-bench",
            max_tokens=4096,
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
        )

        def run() -> str:
            text: list[str] = []
            for event in stream:
                if event.type == "content_block_delta" and event.delta.type == "text_delta":
                    text.append(event.delta.text)
            return "".join(text)

        return run

    return prepare


def collect_messages(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    """`messages.stream`, which adds up the message as it comes."""
    client = _client(sample, pieces)

    def prepare() -> Run:
        manager = client.messages.stream(
            model="claude-of-the-bench",
            max_tokens=4096,
            messages=[{"role": "user", "content": "Hi"}],
        )
        stream = manager.__enter__()

        def run() -> str:
            text = "".join(stream.text_stream)
            assert stream.get_final_text() == text
            return text

        return run

    return prepare


READERS: Mapping[str, Reader] = {"anthropic_messages": read_messages}
COLLECTING: Mapping[str, Reader] = {"anthropic_messages": collect_messages}
