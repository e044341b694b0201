"""httpx-sse: `EventSource.iter_sse`, framing only; it decodes no JSON."""

from collections.abc import Mapping

import httpx
from httpx_sse import EventSource

from bench.measure import Prepare, Run
from bench.peers import Reader
from bench.peers.memory import http_client
from bench.samples import Sample


def cut_events(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client: httpx.Client = http_client(httpx, sample, pieces)
    request = client.build_request("POST", "https://localhost/")

    def prepare() -> Run:
        source = EventSource(client.send(request, stream=True))
        return lambda: sum(1 for _ in source.iter_sse())

    return prepare


FRAMERS: Mapping[str, Reader] = dict.fromkeys(
    ("openai_chat", "openai_responses", "anthropic_messages", "gemini_content"), cut_events
)
