"""anthropic: `messages.create(stream=True)`, and `messages.stream`."""

from collections.abc import Mapping
from types import ModuleType

from anthropic import Anthropic

from bench.measure import Prepare, Run
from bench.peers import Reader
from bench.peers.memory import http_client
from bench.samples import Sample

try:  # since 2.0 it stands on httpx2
    import httpx2 as http
except ImportError:
    import httpx as http  # type: ignore[no-redef]

_HTTP: ModuleType = http


def read_messages(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client = Anthropic(
        api_key="none", http_client=http_client(_HTTP, sample, pieces), max_retries=0
    )

    def prepare() -> Run:
        stream = client.messages.create(
            model="claude-sonnet-4-5",
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
    client = Anthropic(
        api_key="none", http_client=http_client(_HTTP, sample, pieces), max_retries=0
    )

    def prepare() -> Run:
        manager = client.messages.stream(
            model="claude-sonnet-4-5",
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
