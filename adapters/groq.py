"""Groq: open models, with reasoning in the field `reasoning` and usage in the last chunk's `x_groq`.

Docs: console.groq.com/docs; groq-python 1.7.0 (PyPI); traffic recorded by pydantic-ai; read 2026-11-20.
"""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.common.turn_rules import TurnRules
from llm_pure.adapters.dialects.openai_chat import output_limit, profiles_of, unsupported_by
from llm_pure.adapters.dialects.openai_media import MediaQuirks, with_media
from llm_pure.core.adaptations import ModelProfile, Word
from llm_pure.core.provider import Provider
from llm_pure.core.urls import with_default_path
from llm_pure.schema.profiles import GROQ, GROQ_STRICT

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_BASE_URL = "https://api.groq.com/openai/v1"
_SCHEMA: dict[str, Any] = {"json_formats": ("json_object", "json_schema")}
_SOURCE = "console.groq.com/docs/reasoning and /structured-outputs, read 2026-11-20"

# limits of the output: "max_completion_tokens must be less than or equal to 40960" (free-claude-code#955, litellm#16564: qwen3-32b);
# of other models as generally known of console.groq.com/docs/models, unconfirmed; read 2026-11-30
_CHAT = openai_chat.provider(
    name="groq",
    base_url=_BASE_URL,
    url_for=with_default_path("groq", _BASE_URL),
    api_key_env=("GROQ_API_KEY",),
    base_url_env=("GROQ_BASE_URL",),
    list_models=True,
    quirks=openai_chat.Quirks(
        # groq 1.7.0 completion_create_params: temperature 0 to 2, stop up to 4 sequences, "A max of 128 functions"; read 2026-11-30
        max_stop_sequences=4,
        ranges={"temperature": (0, 2)},
        max_tools=128,
        options={
            "user": "user",
            "service_tier": Word(
                path="service_tier",
                values=frozenset({"auto", "on_demand", "flex", "performance"}),
                source="the same file, read 2026-11-30",
            ),
        },  # groq 1.7.0, completion_create_params (logit_bias and store: "not yet supported"), read 2026-11-29
        max_tokens_key="max_completion_tokens",
        unsupported=unsupported_by(
            "groq", "presence_penalty", "frequency_penalty", "repetition_penalty", "logprobs", "top_k", "n",
            "metadata",
        ),
        profiles=(
            ModelProfile(
                prefix="gpt-oss",
                ranges=output_limit(65_536),
                reasoning="always",
                efforts=("low", "medium", "high"),
                traits={**_SCHEMA, "tool_strict": True},
                source=_SOURCE,
            ),
            ModelProfile(
                prefix="qwen3.8",
                reasoning="on",
                efforts=("none", "low", "medium", "high"),
                source="groq 1.7.0, reasoning_effort (default is medium), read 2026-11-29",
            ),
            *[
                ModelProfile(
                    prefix=prefix,
                    ranges=output_limit(limit),
                    reasoning="on",
                    traits={
                        "effort_words": dict.fromkeys(
                            ("minimal", "low", "medium", "high", "xhigh", "max"), "default"
                        )
                    },
                    source=_SOURCE,
                )
                for prefix, limit in (("qwen3-32b", 40_960), ("qwen3", None))
            ],
            ModelProfile(
                prefix="deepseek-r1",
                reasoning="always",
                traits={"reasoning_style": "none"},
                source=_SOURCE,
            ),
            ModelProfile(prefix="llama-4", ranges=output_limit(8_192), reasoning="none", traits=_SCHEMA, source=_SOURCE),
            ModelProfile(prefix="kimi-k2", ranges=output_limit(16_384), reasoning="none", traits=_SCHEMA, source=_SOURCE),
            ModelProfile(prefix="llama-3.3-70b", ranges=output_limit(32_768), reasoning="none", source=_SOURCE),
            *profiles_of(("llama", "gemma", "allam", "compound"), reasoning="none", source=f"{_SOURCE}; OmniRoute#12379, read 2026-11-30"),
        ),
        reasoning_style="effort",
        effort_words={"minimal": "low", "xhigh": "high", "max": "high"},  # groq 1.7.0, reasoning_effort, read 2026-11-29
        reasoning_extra_fields={"reasoning_format": "parsed"},
        reasoning_replay="reasoning",
        tool_strict=False,
        schemas=GROQ,
        strict_schemas=GROQ_STRICT,
        json_formats=("json_object",),
        json_word=True,
        format_with_tools=False,  # "json mode cannot be combined with tool/function calling" (vercel/ai#16540)
        refusal_key=False,
        turns=TurnRules(final_assistant="continued"),  # console.groq.com/docs/prefilling, read 2026-11-29
        document_form="none",
        audio=False,  # groq 1.7.0, chat_completion_content_part_param: text, images and JSON documents, read 2026-11-29
        include_usage=False,
        done_required=True,
    ),
    source="console.groq.com/docs and groq-python 1.7.0, read 2026-11-20",
)  # fmt: skip


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=50_000,
        max_bytes=100_000_000,
        discount=0.5,
        source="console.groq.com/docs/batch, by wire/batch.md 8; 50,000 requests: unconfirmed; read 2026-11-29",
    )
    return file_batches(provider, FileBatches(limits=limits), with_default_path("groq", _BASE_URL))


PROVIDER = replace(
    with_media(
        _CHAT,
        ("speech", "transcribe"),
        quirks=MediaQuirks(
            # groq 1.7.0, types/audio, read 2026-11-30
            transcription_formats=("json", "text", "verbose_json"),
            speech_unsupported=unsupported_by("groq", "instructions", "stream_format"),
        ),
        url_for=with_default_path(_CHAT.name, _BASE_URL),
    ),
    make_batch=_make_batch,
)
