"""httpx-sse: `EventSource.iter_sse`, framing only; it decodes no JSON."""

from collections.abc import Mapping
from importlib import import_module

import httpx

from llm_pure.bench.peers import Reader
from llm_pure.bench.peers.memory import http_client
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


def cut_events(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    event_source = import_module("httpx_sse").EventSource
    client: httpx.Client = http_client(httpx, sample, pieces)
    request = client.build_request("POST", "https://localhost/")

    def prepare() -> Run:
        source = event_source(client.send(request, stream=True))
        return lambda: sum(1 for _ in source.iter_sse())

    return prepare


FRAMERS: Mapping[str, Reader] = dict.fromkeys(
    ("openai_chat", "openai_responses", "anthropic_messages", "gemini_content"), cut_events
)
