"""The providers: `registry` maps every api_type to the module that holds its PROVIDER.

Installed packages add theirs by an entry point; the metadata of packages is read for the first name that is not below:

    [project.entry-points."llm_pure.providers"]
    acme = "acme_llm:PROVIDER"
"""

from collections.abc import Mapping
from functools import cache

from llm_pure.core.registry import Registry

GROUP = "llm_pure.providers"
"""The group of entry points."""


@cache
def installed_providers() -> Mapping[str, str]:
    """Return the references to providers of installed packages by name, read once per process."""
    from importlib.metadata import entry_points  # imported late: start-up (10 ms)

    return {entry.name: entry.value for entry in entry_points(group=GROUP)}


registry = Registry(
    {
        "anthropic": "llm_pure.adapters.anthropic",
        "ark": "llm_pure.adapters.ark",
        "azure": "llm_pure.adapters.azure",
        "azure_responses": "llm_pure.adapters.azure_responses",
        "bedrock": "llm_pure.adapters.bedrock",
        "bedrock_invoke": "llm_pure.adapters.bedrock_invoke",
        "cerebras": "llm_pure.adapters.cerebras",
        "claude": "llm_pure.adapters.anthropic",
        "cohere": "llm_pure.adapters.cohere",
        "dashscope": "llm_pure.adapters.dashscope",
        "dashscope_compatible": "llm_pure.adapters.dashscope_compatible",
        "deepseek": "llm_pure.adapters.deepseek",
        "fireworks": "llm_pure.adapters.fireworks",
        "gemini": "llm_pure.adapters.gemini",
        "github": "llm_pure.adapters.github",
        "groq": "llm_pure.adapters.groq",
        "huggingface": "llm_pure.adapters.huggingface",
        "llama_api": "llm_pure.adapters.llama_api",
        "metagpt": "llm_pure.adapters.metagpt",
        "mistral": "llm_pure.adapters.mistral",
        "moonshot": "llm_pure.adapters.moonshot",
        "nvidia": "llm_pure.adapters.nvidia",
        "ollama": "llm_pure.adapters.ollama",
        "ollama.embed": "llm_pure.adapters.ollama_embed",
        "ollama.embeddings": "llm_pure.adapters.ollama_embeddings",
        "ollama.generate": "llm_pure.adapters.ollama_generate",
        "open_llm": "llm_pure.adapters.open_llm",
        "open_llm_raw": "llm_pure.adapters.open_llm_raw",
        "open_router": "llm_pure.adapters.openrouter",
        "openai": "llm_pure.adapters.openai",
        "openai_responses": "llm_pure.adapters.openai_responses",
        "openrouter": "llm_pure.adapters.openrouter",
        "openrouter_reasoning": "llm_pure.adapters.openrouter_reasoning",
        "perplexity": "llm_pure.adapters.perplexity",
        "qianfan": "llm_pure.adapters.qianfan",
        "siliconflow": "llm_pure.adapters.siliconflow",
        "spark": "llm_pure.adapters.spark",
        "together": "llm_pure.adapters.together",
        "vertex": "llm_pure.adapters.vertex",
        "vertex_anthropic": "llm_pure.adapters.vertex_anthropic",
        "xai": "llm_pure.adapters.xai",
        "yi": "llm_pure.adapters.yi",
        "zai": "llm_pure.adapters.zai",
        "zhipuai": "llm_pure.adapters.zhipuai",
    },
    installed_providers,
)

__all__ = ["GROUP", "installed_providers", "registry"]
