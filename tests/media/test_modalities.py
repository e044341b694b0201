"""What models take beside text: by the table, by the configuration, and told before anything is sent."""

from typing import Any

import msgspec
import pytest
from genai_prices.data import providers

from llm_pure import ChatRequest, LLMConfig, ToolResult, assistant, system, user
from llm_pure.adapters import registry
from llm_pure.core.resolved_request import resolve_request
from llm_pure.media.modalities import TABLE, supports
from llm_pure.types.config import Modality
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Audio, Document, Image, Message, Part, Text
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.pdf import tiny_pdf
from tests.support.png import tiny_png
from tests.support.wav import tiny_wav

PICTURE, SOUND, PAPER = (
    Image(data=tiny_png()), Audio(data=tiny_wav()), Document(data=tiny_pdf(), name="a.pdf"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "image", "audio", "document"),
    [
        ("gpt-4o-mini", True, False, True),
        ("gpt-5-mini", True, False, True),
        ("gpt-4-turbo-2024-04-09", True, False, True),
        ("gpt-4-turbo-preview", False, False, None),
        ("gpt-4", False, False, None),
        ("gpt-4.1", True, False, True),
        ("gpt-4-vision-preview", True, False, True),
        ("gpt-3.5-turbo-0125", False, False, None),
        ("ft:gpt-3.5-turbo-0125:us::abc", False, False, None),
        ("o1", True, False, True),
        ("o1-mini", False, False, None),
        ("o3-mini", False, False, None),
        ("openai/o3-mini", False, False, None),
        ("gpt-4o-audio-preview", False, True, False),
        ("openai/gpt-oss-120b", False, False, None),
        ("claude-sonnet-4-5", True, False, True),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", True, False, True),
        ("claude-2.1", False, False, None),
        ("claude-3-haiku-20240307", True, False, None),
        ("models/gemini-2.5-pro", True, True, True),
        ("gemini-2.5-flash-image", True, None, None),
        ("llama3", False, False, None),
        ("llama3.2", False, False, None),
        ("llama3.2:3b-instruct", False, False, None),
        ("llama3.2-vision:11b", None, None, None),
        ("llama3-llava-next-8b", None, None, None),
        ("meta.llama3-1-70b-instruct-v1:0", False, False, None),
        ("us.meta.llama3-2-11b-instruct-v1:0", True, False, None),
        ("Llama-4-Maverick-17B-128E-Instruct-FP8", True, False, None),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", False, False, None),
        ("mistral-large-2411", False, False, None),
        ("mistral-large-2512", None, None, None),
        ("mistral-large-latest", None, None, None),
        ("mistral:7b", False, False, None),
        ("voxtral-small-2507", None, True, None),
        ("deepseek-v4-pro", False, False, None),
        ("deepseek-v4-flash", None, None, None),
        ("deepseek-vl2", None, None, None),
        ("Qwen/Qwen3-32B", False, False, None),
        ("Qwen/Qwen3-VL-32B-Instruct", True, False, None),
        ("qwen3:8b", False, False, None),
        ("qwen-plus", None, None, None),
        ("qwen3.5-plus", None, None, None),
        ("glm-4.6", False, False, None),
        ("glm-4.6v", True, None, None),
        ("kimi-k2-0905-preview", False, False, None),
        ("kimi-k2.6", True, None, None),
        ("command-a-03-2025", False, False, None),
        ("command-a-vision-07-2025", True, None, None),
        ("us.amazon.nova-micro-v1:0", False, False, None),
        ("us.amazon.nova-lite-v1:0", True, False, True),
        ("phi4", False, False, None),
        ("phi-4-multimodal-instruct", None, None, None),
        ("my-deployment", None, None, None),
        ("", None, None, None),
    ],
)
def test_what_is_known_of_a_model(
    model: str, image: bool | None, audio: bool | None, document: bool | None
) -> None:
    assert (supports(model, "image"), supports(model, "audio"), supports(model, "document")) == (
        image, audio, document,
    )  # fmt: skip


def test_the_plan_tells_what_a_deployment_is() -> None:
    assert supports("my-deployment", "image", plan="gpt-3.5-turbo") is False
    assert supports("gpt-3.5-turbo", "image", plan="gpt-4o") is True


def test_what_is_so_at_one_service_is_said_of_that_one_alone() -> None:
    """OpenAI reads a PDF by looking at it; others read its words out for any model."""
    assert supports("o3-mini", "document", service="openai") is False
    assert supports("openai/o3-mini", "document", service="openrouter") is None


def test_no_row_takes_and_lacks_the_same_and_none_is_out_of_reach() -> None:
    for place, row in enumerate(TABLE):
        assert not set(row.supports) & set(row.unsupported), row.prefix
        earlier = [one for one in TABLE[:place] if not one.providers and not one.exact]
        hidden = [one.prefix for one in earlier if row.prefix.startswith(one.prefix)]
        assert not hidden, (row.prefix, hidden)


def test_no_model_that_has_a_price_for_sound_is_said_to_be_deaf() -> None:
    """genai-prices knows nothing of this table."""
    priced = [
        model.id
        for provider in providers
        if provider.id in ("openai", "google", "azure", "mistral")
        for model in provider.models
        for prices in [
            model.prices if not isinstance(model.prices, list) else model.prices[-1].prices
        ]
        if getattr(prices, "input_audio_mtok", None) is not None
    ]
    assert len(priced) > 10
    assert [model for model in priced if supports(model, "audio") is False] == []


def asked(*parts: Part, **configured: Any) -> Any:
    config = LLMConfig(**{"model": "o3-mini", "api_type": "openai", **configured})
    return resolve_request(config, ChatRequest(messages=[system("Look."), user(Text("?"), *parts)]))


@pytest.mark.parametrize(
    ("part", "what", "modality"),
    [(PICTURE, "images", "image"), (SOUND, "audio", "audio"), (PAPER, "documents", "document")],
    ids=["picture", "sound", "paper"],
)
def test_a_part_that_the_model_is_known_not_to_take_is_named_with_the_model(
    part: Part, what: str, modality: str
) -> None:
    assert asked(part) == Failure(
        UnsupportedFeature(
            message=f"messages/1/parts/1: o3-mini does not support {what}; if it does, "
            f'add "{modality}" to input_modalities in the configuration',
            provider="openai",
            feature="messages/1/parts/1",
        )
    )


@pytest.mark.parametrize(
    ("model", "input_modalities", "refused"),
    [
        ("o3-mini", None, ["image", "audio", "document"]),
        ("o3-mini", ("image",), ["audio", "document"]),
        ("o3-mini", ("image", "audio", "document"), []),
        ("gpt-4o", None, ["audio"]),
        ("gpt-4o", (), ["image", "audio", "document"]),
        ("nobody-knows-it", None, []),
        ("nobody-knows-it", ("document",), ["image", "audio"]),
    ],
)
def test_the_configuration_stands_over_the_table_in_both_directions(
    model: str, input_modalities: tuple[Modality, ...] | None, refused: list[str]
) -> None:
    parts: dict[str, Part] = {"image": PICTURE, "audio": SOUND, "document": PAPER}
    got = [
        name
        for name, part in parts.items()
        if isinstance(asked(part, model=model, input_modalities=input_modalities), Failure)
    ]
    assert got == refused


def test_what_a_tool_shows_is_looked_at_and_what_the_model_said_is_not() -> None:
    shown = Message("tool", (ToolResult(tool_call_id="c", content=(Text("see"), PICTURE)),))
    config = LLMConfig(model="o3-mini", api_type="openai")
    got = resolve_request(config, ChatRequest(messages=["hi", shown])).failure()
    assert isinstance(got, UnsupportedFeature)
    assert got.feature == "messages/1/parts/0/content/1"
    said = assistant("See:", PICTURE)
    assert isinstance(resolve_request(config, ChatRequest(messages=["hi", said, "?"])), Success)


def test_words_in_a_file_are_words() -> None:
    assert isinstance(asked(Document(data=b"words", media_type="text/plain")), Success)


def test_a_path_counts_the_messages_as_they_were_given() -> None:
    got = asked(PICTURE, use_system_prompt=False).failure()
    assert got.feature == "messages/1/parts/1"


@pytest.mark.parametrize("name", chat_providers())
@pytest.mark.parametrize("part", [PICTURE, SOUND, PAPER], ids=["picture", "sound", "paper"])
def test_every_provider_asks_the_configuration_before_anything_is_built(
    name: str, part: Part
) -> None:
    blind = msgspec.structs.replace(config_for(name), input_modalities=())
    request = ChatRequest(messages=user(part))
    error = registry.get(name).unwrap().build_chat(blind, request).failure()
    assert isinstance(error, UnsupportedFeature)
    assert (error.feature, error.provider) == (
        "messages/0/parts/0",
        registry.get(name).unwrap().name,
    )
    assert error.message.endswith("see input_modalities in the configuration")
