"""litellm: `completion(stream=True)` and `responses(stream=True)`, given an HTTP client out of memory."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from typing import Any

import httpx

from llm_pure.bench.peers import Reader
from llm_pure.bench.peers.memory import http_client
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare, Run


@cache
def _litellm() -> Any:
    os.environ.setdefault(
        "LITELLM_LOCAL_MODEL_COST_MAP", "True"
    )  # else importing it asks the network
    litellm: Any = import_module("litellm")
    litellm.suppress_debug_info = True
    return litellm


_KEYS: Mapping[str, str] = {"api_key": "none"}
_AWS: Mapping[str, str] = {
    "aws_access_key_id": "none",
    "aws_secret_access_key": "none",
    "aws_region_name": "us-east-1",
}


def _own_client(sample: Sample, pieces: tuple[bytes, ...]) -> Any:
    handler = import_module("litellm.llms.custom_httpx.http_handler").HTTPHandler
    return handler(client=http_client(httpx, sample, pieces))


def _openai_client(sample: Sample, pieces: tuple[bytes, ...]) -> Any:
    return import_module("openai").OpenAI(
        api_key="none", http_client=http_client(httpx, sample, pieces), max_retries=0
    )


def read_completion(
    model: str,
    client: Callable[[Sample, tuple[bytes, ...]], Any],
    keys: Mapping[str, str],
    sample: Sample,
    pieces: tuple[bytes, ...],
) -> Prepare:
    litellm, over = _litellm(), client(sample, pieces)

    def prepare() -> Run:
        stream = litellm.completion(
            model=model,
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
            client=over,
            **keys,
        )
        return lambda: "".join(_texts(stream))

    return prepare


def _texts(stream: Any) -> Iterator[str]:
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def read_responses(sample: Sample, pieces: tuple[bytes, ...]) -> Prepare:
    litellm, over = _litellm(), _own_client(sample, pieces)

    def prepare() -> Run:
        stream: Any = litellm.responses(
            model="openai/gpt-4o-mini", input="Hi", stream=True, client=over, **_KEYS
        )

        def run() -> str:
            return "".join(
                [event.delta for event in stream if event.type == "response.output_text.delta"]
            )

        return run

    return prepare


READERS: Mapping[str, Reader] = {
    "openai_chat": partial(read_completion, "openai/gpt-4o-mini", _openai_client, _KEYS),
    "openai_responses": read_responses,
    "anthropic_messages": partial(
        read_completion, "anthropic/claude-sonnet-4-5", _own_client, _KEYS
    ),
    "gemini_content": partial(read_completion, "gemini/gemini-2.5-flash", _own_client, _KEYS),
    "bedrock_converse": partial(
        read_completion, "bedrock/converse/amazon.nova-lite-v1:0", _own_client, _AWS
    ),
    "ollama_native": partial(read_completion, "ollama_chat/llama3.2", _own_client, {}),
}


def count_text(model: str, text: str) -> Prepare:
    """`token_counter` of one text."""
    litellm = _litellm()
    return lambda: lambda: litellm.token_counter(model=model, text=text)


COUNTERS: Mapping[str, Callable[[str, str], Prepare]] = {"text": count_text}
