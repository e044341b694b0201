"""The providers: `registry` maps every api_type to the module that holds its PROVIDER."""

from llm_pure.registry import Registry

registry = Registry(
    {
        "anthropic": "llm_pure.adapters.anthropic",
        "azure": "llm_pure.adapters.azure",
        "azure_responses": "llm_pure.adapters.azure_responses",
        "bedrock": "llm_pure.adapters.bedrock",
        "bedrock_invoke": "llm_pure.adapters.bedrock_invoke",
        "claude": "llm_pure.adapters.anthropic",
        "cohere": "llm_pure.adapters.cohere",
        "gemini": "llm_pure.adapters.gemini",
        "ollama": "llm_pure.adapters.ollama",
        "ollama.embed": "llm_pure.adapters.ollama_embed",
        "ollama.embeddings": "llm_pure.adapters.ollama_embeddings",
        "ollama.generate": "llm_pure.adapters.ollama_generate",
        "open_llm": "llm_pure.adapters.open_llm",
        "openai": "llm_pure.adapters.openai",
        "openai_responses": "llm_pure.adapters.openai_responses",
        "vertex": "llm_pure.adapters.vertex",
        "vertex_anthropic": "llm_pure.adapters.vertex_anthropic",
    }
)

__all__ = ["registry"]
