"""Providers for a client: the bundled ones and those of installed packages, as `llm_pure.adapters` has them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from llm_pure.adapters import registry as default_registry
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def load_registry() -> Registry:
    """Return the bundled providers and those of installed packages."""
    return default_registry


def with_entry_points(registry: Registry, entries: "Iterable[EntryPoint]") -> Registry:
    """Add entry points to a registry. Names that exist are kept, so that no package can replace a provider."""
    for entry in entries:
        if entry.name not in registry.entries:
            registry = registry.with_provider(entry.name, entry.value)
    return registry


def find_provider(name: str, registry: Registry | None = None) -> LLMResult[Provider]:
    """Return the provider of this api_type, by default from the bundled ones or an installed package."""
    try:
        return (registry or default_registry).get(name)
    except (ImportError, AttributeError) as error:  # an installed package that is broken
        message = f"the provider {name!r} cannot be loaded: {error}"
        return Failure(InvalidConfiguration(message=message, field="api_type"))
