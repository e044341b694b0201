"""NVIDIA NIM (build.nvidia.com): open models; the fields that control reasoning differ by model.

Docs: docs.api.nvidia.com/nim; anomalyco/models.dev providers/nvidia; read 2026-11-20.
"""

from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import profiles_of, unconfirmed_for
from llm_pure.core.adaptations import ModelProfile

PROVIDER = openai_chat.provider(
    name="nvidia",
    base_url="https://integrate.api.nvidia.com/v1",
    api_key_env=("NVIDIA_API_KEY",),
    base_url_env=("NVIDIA_BASE_URL",),
    embeddings=True,
    embed_names={"dimensions": "dimensions", "task": "input_type", "encoding": "encoding_format"},
    embed_always={"input_type": "query"},
    list_models=True,
    quirks=openai_chat.Quirks(
        turns=openai_chat.ANY_SERVER,
        ranges={"top_p": openai_chat.VLLM_TOP_P},
        unsupported=unconfirmed_for(
            "nvidia", "n", "logprobs", "top_k", "repetition_penalty", "metadata"
        ),
        profiles=(
            ModelProfile(
                prefix="gpt-oss",
                reasoning="always",
                efforts=("low", "medium", "high"),
                traits={"reasoning_style": "effort"},
                source="docs.api.nvidia.com/nim, gpt-oss-120b, read 2026-11-20",
            ),
            *profiles_of(
                ("deepseek-", "kimi-"),
                traits={"reasoning_style": "template_thinking"},
                source="lobehub#9408, opencode#45370 (`thinking` for DeepSeek), moonshotai's page of Kimi-K2.5 for vLLM, read 2026-11-30",
            ),
        ),
        reasoning_style="template",
        tool_strict=False,
        refusal_key=False,
    ),
    source="docs.api.nvidia.com/nim and anomalyco/models.dev, read 2026-11-20",
)
