"""The providers: `registry` maps every api_type to the module that holds its PROVIDER."""

from llm_pure.registry import Registry

registry = Registry(
    {
        "open_llm": "llm_pure.adapters.open_llm",
        "openai": "llm_pure.adapters.openai",
    }
)

__all__ = ["registry"]
