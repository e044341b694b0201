"""Two pictures, a PDF, a round of two tool calls and an answer by schema: built in every dialect, and taken by others.

The others are the official packages' own types and botocore; where a vendor's package has no types, the whole body is
written down. What an API cannot carry is named, and the rest is built without it. Cassettes of the same question,
answered by aimock, are in test_recorded.
"""

import base64
import json
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.types.config import Modality
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.result import Failure
from tests.support import official_types
from tests.support.cassettes import chat_providers, config_for
from tests.support.official_types import Check
from tests.support.png import tiny_png
from tests.support.questions import CITY, WEATHER, everything

PNG_URL = official_types.data_url(tiny_png(), "image/png")
WORDS = "Where were these taken? The city and its temperature as JSON."
IN_WORDS = "Answer with JSON of this JSON Schema, and with nothing else.\n" + json.dumps(
    CITY.schema, separators=(",", ":")
)
LINK, PAPER, PICTURE, CALLS = (
    "messages/0/parts/2", "messages/0/parts/3", "messages/0/parts/1", "messages/1",
)  # fmt: skip
"""Where each part stands in the whole request."""

DASHSCOPE: dict[str, Any] = {
    "model": "qwen3-vl-plus",
    "input": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"text": WORDS},
                    {"image": PNG_URL},
                    {"image": "https://example.org/oslo.jpg"},
                ],
            },
            {
                "role": "assistant",
                "content": [],
                "tool_calls": [
                    {
                        "id": "call_oslo",
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'},
                    },
                    {
                        "id": "call_rome",
                        "type": "function",
                        "function": {
                            "name": "get_weather",
                            "arguments": '{"city":"Rome","unit":"°C"}',
                        },
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "call_oslo", "content": "4 °C"},
            {"role": "tool", "tool_call_id": "call_rome", "content": "21 °C"},
        ]
    },
    "parameters": {
        "result_format": "message",
        "max_tokens": 4096,
        "temperature": 0.0,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "The weather in a city.",
                    "parameters": WEATHER.parameters,
                },
            }
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "city", "schema": CITY.schema, "strict": True},
        },
    },
}
QIANFAN: dict[str, Any] = {
    "messages": [{"role": "user", "content": WORDS}],
    "system": IN_WORDS,
    "response_format": "json_object",
    "temperature": 0.01,
}
SPARK: dict[str, Any] = {
    "header": {"app_id": "app-1"},
    "parameter": {"chat": {"domain": "4.0Ultra", "temperature": 0.01, "max_tokens": 4096}},
    "payload": {
        "message": {
            "text": [
                {
                    "role": "user",
                    "content": base64.b64encode(tiny_png()).decode(),
                    "content_type": "image",
                },
                {"role": "user", "content": f"{WORDS}\n\n{IN_WORDS}"},
            ]
        }
    },
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect, by one of its speakers. lacks: paths of what it cannot carry. body: where no package has types."""

    provider: str
    model: str
    check: Check | None = None
    body: dict[str, Any] | None = None
    lacks: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()

    @property
    def config(self) -> LLMConfig:
        """At the service's own address; nothing is held back on behalf of the model."""
        every: tuple[Modality, ...] = ("image", "audio", "document")
        return msgspec.structs.replace(
            config_for(self.provider),
            model=self.model,
            base_url=None,
            domain=None,
            input_modalities=every,
        )

    @property
    def sendable(self) -> ChatRequest:
        """Everything that this API can carry."""
        return everything(
            link=LINK not in self.lacks,
            paper=PAPER not in self.lacks,
            pictures=PICTURE not in self.lacks,
            calls=CALLS not in self.lacks,
        )


CLAUDE = "anthropic.claude-sonnet-4-5-v1:0"
ROWS = {
    "openai_chat": Row(provider="openai", model="gpt-5-mini", check=official_types.openai_chat),
    "openai_chat at Mistral": Row(
        provider="mistral",
        model="mistral-medium-2508",
        check=official_types.mistral,
        reported=(
            "messages/1/parts/0/id",
            "messages/1/parts/1/id",
            "messages/2/parts/0/tool_call_id",
            "messages/3/parts/0/tool_call_id",
        ),
    ),
    "openai_chat at Groq": Row(
        provider="groq",
        model="meta-llama/llama-4-scout-17b-16e-instruct",
        check=official_types.groq,
        lacks=(PAPER,),
        reported=("response_format",),
    ),
    "openai_responses": Row(
        provider="openai_responses", model="gpt-5-mini", check=official_types.openai_responses
    ),
    "anthropic_messages": Row(
        provider="anthropic", model="claude-sonnet-4-5", check=official_types.anthropic
    ),
    "bedrock_converse": Row(
        provider="bedrock",
        model=CLAUDE,
        check=official_types.converse,
        lacks=(LINK,),
        reported=("messages/0/parts/2/name",),
    ),
    "bedrock_invoke": Row(
        provider="bedrock_invoke",
        model=CLAUDE,
        check=official_types.anthropic_on_bedrock,
        lacks=(LINK,),
    ),
    "gemini_content": Row(
        provider="gemini",
        model="gemini-2.5-flash",
        check=official_types.gemini,
        reported=("messages/0/parts/3/name", "response_format"),
    ),
    "gemini_content at Vertex": Row(
        provider="vertex",
        model="gemini-2.5-flash",
        check=official_types.gemini,
        reported=("response_format",),
    ),
    "cohere_chat": Row(
        provider="cohere",
        model="command-a-vision-07-2025",
        check=official_types.cohere,
        lacks=(PAPER,),
        reported=("response_format",),
    ),
    "ollama_native": Row(
        provider="ollama",
        model="gemma3",
        check=official_types.ollama_chat,
        lacks=(LINK, PAPER),
        reported=("tools/0/parameters/additionalProperties",),
    ),
    "ollama_native, one prompt": Row(
        provider="ollama.generate",
        model="gemma3",
        check=official_types.ollama_generate,
        lacks=(LINK, PAPER, CALLS),
    ),
    "llama_native": Row(
        provider="llama_api",
        model="Llama-4-Maverick",
        check=official_types.llama_api,
        lacks=(PAPER,),
    ),
    "dashscope_generation": Row(
        provider="dashscope", model="qwen3-vl-plus", body=DASHSCOPE, lacks=(PAPER,)
    ),
    "qianfan_v1": Row(
        provider="qianfan",
        model="ERNIE-4.0-8K",
        body=QIANFAN,
        lacks=(LINK, PAPER, PICTURE, CALLS),
        reported=("response_format",),
    ),
    "spark_frames": Row(
        provider="spark",
        model="4.0Ultra",
        body=SPARK,
        lacks=(LINK, PAPER, CALLS),
        reported=("response_format",),
    ),
}
LACKS = {f"{name}: {path}": (row, path) for name, row in ROWS.items() for path in row.lacks}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_the_api_carries_is_built_and_taken_by_an_independent_checker(row: Row) -> None:
    built = registry.get(row.provider).unwrap().build_chat(row.config, row.sendable).unwrap()
    body = json.loads(built.request.body)
    if row.check is not None:
        assert row.check(body) is not None
    else:
        assert body == row.body
    assert tuple([one.field for one in built.adaptations]) == row.reported


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_whole_is_built_or_its_first_part_without_a_form_is_named(row: Row) -> None:
    got = registry.get(row.provider).unwrap().build_chat(row.config, everything())
    assert isinstance(got, Failure) == bool(row.lacks)
    if isinstance(got, Failure):
        assert isinstance(got.failure(), UnsupportedFeature)
        assert got.failure().provider == row.provider
        assert got.failure().message.split(":")[0] in row.lacks


@pytest.mark.parametrize(("row", "path"), LACKS.values(), ids=LACKS)
def test_a_part_without_a_form_is_named_where_it_is_the_only_one(row: Row, path: str) -> None:
    alone = everything(
        pictures=path in (PICTURE, LINK),
        link=path == LINK,
        paper=path == PAPER,
        calls=path == CALLS,
    )
    error = registry.get(row.provider).unwrap().build_chat(row.config, alone).failure()
    assert isinstance(error, UnsupportedFeature)
    first = PICTURE if path in (LINK, PAPER) and PICTURE in row.lacks else path
    place = "messages/0/parts/1" if path == PAPER else first
    assert error.message.startswith(f"{place}:"), error.message


def test_every_dialect_has_a_row() -> None:
    dialects = {registry.get(name).unwrap().dialect for name in chat_providers()}
    shown = {name.partition(" at ")[0].partition(",")[0] for name in ROWS}
    assert dialects - {"qianfan_v1", "spark_frames"} <= shown  # second dialects of their providers
    assert shown - dialects <= {"qianfan_v1", "spark_frames"}


TAKERS: dict[str, Check] = {
    "openai_chat": official_types.openai_chat,
    "openai_responses": official_types.openai_responses,
    "anthropic": official_types.anthropic,
    "gemini": official_types.gemini,
    "cohere": official_types.cohere,
    "ollama_chat": official_types.ollama_chat,
    "ollama_generate": official_types.ollama_generate,
    "mistral": official_types.mistral,
    "groq": official_types.groq,
    "llama_api": official_types.llama_api,
    "converse": official_types.converse,
}


@pytest.mark.parametrize("check", TAKERS.values(), ids=TAKERS)
def test_a_checker_takes_no_word_that_its_package_does_not_know(check: Check) -> None:
    row = next(row for row in ROWS.values() if row.check is check)
    built = registry.get(row.provider).unwrap().build_chat(row.config, row.sendable).unwrap()
    body = json.loads(built.request.body)
    with pytest.raises((ValueError, AssertionError)):
        check({**body, "no_such_field": 1})
