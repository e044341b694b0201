"""Load providers of other packages from the entry-point group `llm_pure.providers`.

[project.entry-points."llm_pure.providers"]
acme = "acme_llm:PROVIDER"
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from llm_pure.adapters import registry as bundled
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "llm_pure.providers"


def load_registry() -> Registry:
    """Return the bundled providers and those of installed packages."""
    from importlib.metadata import entry_points  # imported late: start-up (10 ms)

    return with_entry_points(bundled, entry_points(group=GROUP))


def with_entry_points(registry: Registry, entries: "Iterable[EntryPoint]") -> Registry:
    """Add entry points to a registry. Names that exist are kept, so that no package can replace a provider."""
    for entry in entries:
        if entry.name not in registry.entries:
            registry = registry.with_provider(entry.name, entry.value)
    return registry


def find_provider(name: str, registry: Registry | None = None) -> LLMResult[Provider]:
    """Return the provider of this api_type, by default from the bundled ones or an installed package."""
    if registry is None:
        registry = bundled if name in bundled.entries else load_registry()
    try:
        return registry.get(name)
    except (ImportError, AttributeError) as error:  # an installed package that is broken
        message = f"the provider {name!r} cannot be loaded: {error}"
        return Failure(InvalidConfiguration(message=message, field="api_type"))
