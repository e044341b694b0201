"""google-genai: `models.generate_content_stream`. Its call is sent with the first item, so it is in the measured time."""

from collections.abc import Mapping

import httpx
from google import genai
from google.genai import types

from bench.measure import Prepare, Run
from bench.peers import Reader
from bench.peers.memory import http_client
from bench.samples import Sample


def read_items(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client = genai.Client(
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
