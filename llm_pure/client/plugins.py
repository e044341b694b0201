"""Providers of other packages: those that the entry-point group `llm_pure.providers` names.

[project.entry-points."llm_pure.providers"]
acme = "acme_llm:PROVIDER"
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from llm_pure.adapters import registry as shipped
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "llm_pure.providers"


def load_registry() -> Registry:
    """The shipped providers and those of the packages that are installed."""
    from importlib.metadata import entry_points  # 10 ms, and hardly ever needed

    return with_entry_points(shipped, entry_points(group=GROUP))


def with_entry_points(registry: Registry, found: "Iterable[EntryPoint]") -> Registry:
    """The registry with these added. A name that it has already stays as it is: no package can take a provider over."""
    for entry in found:
        if entry.name not in registry.entries:
            registry = registry.with_provider(entry.name, entry.value)
    return registry


def find_provider(name: str, registry: Registry | None = None) -> LLMResult[Provider]:
    """The provider of this api_type: out of the registry, else out of the shipped ones and the installed packages."""
    chosen = registry
    if chosen is None:
        chosen = shipped if name in shipped.entries else load_registry()
    try:
        return chosen.get(name)
    except (ImportError, AttributeError) as fault:  # a package that is installed but broken
        return Failure(
            InvalidConfiguration(
                message=f"the provider {name!r} cannot be loaded: {fault}", field="api_type"
            )
        )
