"""openai: `create(stream=True)`, and `chat.completions.stream`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import httpx

from llm_pure.bench.peers import Reader
from llm_pure.bench.peers.memory import http_client
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


def _client(sample: Sample, pieces: tuple[bytes, ...]) -> Any:
    over = http_client(httpx, sample, pieces)
    return import_module("openai").OpenAI(api_key="none", http_client=over, max_retries=0)


def read_chat(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client = _client(sample, pieces)

    def prepare() -> Run:
        stream = client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}], stream=True
        )

        def run() -> str:
            text: list[str] = []
            for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    text.append(chunk.choices[0].delta.content)
            return "".join(text)

        return run

    return prepare


def read_responses(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    client = _client(sample, pieces)

    def prepare() -> Run:
        stream = client.responses.create(model="gpt-4o-mini", input="Hi", stream=True)

        def run() -> str:
            return "".join(
                [event.delta for event in stream if event.type == "response.output_text.delta"]
            )

        return run

    return prepare


def collect_chat(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    """`chat.completions.stream`, which adds up the completion as it comes."""
    client = _client(sample, pieces)

    def prepare() -> Run:
        manager = client.chat.completions.stream(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}]
        )
        stream = manager.__enter__()

        def run() -> str:
            text = "".join([event.delta for event in stream if event.type == "content.delta"])
            assert stream.get_final_completion().choices[0].message.content == text
            return text

        return run

    return prepare


READERS: Mapping[str, Reader] = {"openai_chat": read_chat, "openai_responses": read_responses}
COLLECTING: Mapping[str, Reader] = {"openai_chat": collect_chat}
