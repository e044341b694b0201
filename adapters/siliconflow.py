"""SiliconFlow, the service in China; use base_url https://api.siliconflow.com/v1 for the international one.

Docs: docs.siliconflow.cn, "Chat completions", "Error handling"; anomalyco/models.dev providers/siliconflow; Portkey-AI/
gateway; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of, unsupported_by
from llm_pure.adapters.dialects.openai_media import ImageQuirks, MediaQuirks, with_media
from llm_pure.core.provider import Provider
from llm_pure.types.errors import NotFound, QuotaExceeded
from llm_pure.types.operations import EmbedLimit

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi

_SOURCE = "anomalyco/models.dev providers/siliconflow, read 2026-11-20"

_SWITCH = (
    "docs.siliconflow.cn, Chat completions: the models that `enable_thinking` supports, and thinking_budget of all that reason; 'current"
    " model does not support parameter `enable_thinking`' (oai-compatible-copilot#12, cherry-studio#6642); read 2026-11-30"
)
_WITHOUT_REASONING = (
    "Qwen2", "Qwen3-Coder", "Qwen3-30B-A3B-Instruct", "Qwen3-235B-A22B-Instruct", "Qwen3-Next-80B-A3B-Instruct",
    "Qwen3-Omni-30B-A3B-Instruct", "Qwen3-VL-8B-Instruct", "Qwen3-VL-30B-A3B-Instruct", "Qwen3-VL-32B-Instruct",
    "Qwen3-VL-235B-A22B-Instruct", "Kimi-K2-Instruct", "DeepSeek-V3", "DeepSeek-V2", "deepseek-vl2", "Ling-", "ERNIE-4.5-300B",
    "GLM-4-", "glm-4-9b", "internlm", "Meta-Llama",
)  # fmt: skip
_ALWAYS_REASONING = (
    "DeepSeek-R1", "QwQ", "Qwen3-30B-A3B-Thinking", "Qwen3-235B-A22B-Thinking", "Qwen3-Next-80B-A3B-Thinking",
    "Qwen3-Omni-30B-A3B-Thinking", "Qwen3-VL-8B-Thinking", "Qwen3-VL-30B-A3B-Thinking", "Qwen3-VL-32B-Thinking",
    "Qwen3-VL-235B-A22B-Thinking", "Kimi-K2-Thinking", "Ring-", "GLM-Z1", "GLM-4.1V-9B-Thinking", "MiniMax-M", "QwenLong-L1",
)  # fmt: skip

_CHAT = openai_chat.provider(
    name="siliconflow",
    base_url="https://api.siliconflow.cn/v1",
    api_key_env=("SILICONFLOW_API_KEY", "SILICONFLOW_CN_API_KEY"),
    embeddings=True,
    embed_limits=(
        EmbedLimit(
            max_texts=32,
            source="unconfirmed, as generally known of docs.siliconflow.cn, 2026-11-20",
        ),
    ),
    list_models=True,
    quirks=openai_chat.Quirks(
        # SiliconFlow's OpenAPI (tryAGI/SiliconFlow), ChatCompletionRequest: up to 4 sequences, none of the fields below;
        # read 2026-11-30
        max_stop_sequences=4,
        unsupported=unsupported_by(
            "siliconflow", "logprobs", "repetition_penalty", "metadata", "parallel_tool_calls"
        ),
        profiles=(
            *profiles_of(
                ("DeepSeek-V4-Flash", "GLM-5.2"),
                traits={
                    "reasoning_style": "effort",
                    "effort_words": dict.fromkeys(("minimal", "low", "medium"), "high")
                    | {"xhigh": "max"},
                },
                source=_SOURCE,
            ),
            *profiles_of(("DeepSeek-V3.", "DeepSeek-V4"), source=_SWITCH),
            *profiles_of(_WITHOUT_REASONING, reasoning="none", source=_SWITCH),
            *profiles_of(
                _ALWAYS_REASONING,
                reasoning="always",
                traits={"reasoning_style": "thinking_budget"},
                source=_SWITCH,
            ),
        ),
        reasoning_style="enable_thinking",
        budget_bounds=(128, 32768),
        tool_choice_values={"auto": "auto", "none": "none"},
        tool_strict=False,
        refusal_key=False,
        json_formats=("json_object",),
        error_codes={"20012": NotFound, "30001": QuotaExceeded, "30011": QuotaExceeded},
    ),
    source="docs.siliconflow.cn and anomalyco/models.dev, read 2026-11-20",
)

_MEDIA = MediaQuirks(
    images=ImageQuirks(
        names={"n": "batch_size", "size": "image_size"},
        unsupported=unsupported_by(
            "siliconflow", "quality", "style", "background", "output_format", "response_format"
        ),
        edits=False,
    ),
    transcription_unsupported=unsupported_by(
        "siliconflow", "language", "prompt", "temperature", "response_format", "timestamps"
    ),
)


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches  # late
    from llm_pure.core.batch_api import BatchLimits

    limits = BatchLimits(
        max_requests=5_000,
        max_bytes=1_000_000_000,
        discount=0.5,
        source="docs.siliconflow.cn, guides/batch, by wire/batch.md 15, read 2026-11-29",
    )
    return file_batches(provider, FileBatches(limits=limits))


PROVIDER = replace(
    with_media(_CHAT, ("images", "speech", "transcribe"), quirks=_MEDIA),
    make_batch=_make_batch,
)
