"""google-genai: `models.generate_content_stream`. Its call is sent with the first item, so it is in the measured time."""

from collections.abc import Mapping
from importlib import import_module

import httpx

from llm_pure.bench.peers import Reader
from llm_pure.bench.peers.memory import http_client
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


def read_items(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    types = import_module("google.genai.types")
    client = import_module("google.genai").Client(
        api_key="none",
        http_options=types.HttpOptions(httpx_client=http_client(httpx, sample, pieces)),
    )

    def prepare() -> Run:
        stream = client.models.generate_content_stream(model="gemini-2.5-flash", contents="Hi")

        def run() -> str:
            return "".join([item.text or "" for item in stream])

        return run

    return prepare


READERS: Mapping[str, Reader] = {"gemini_content": read_items}
