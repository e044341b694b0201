"""`Registry`: provider names -> providers, as a value. A provider's module is loaded on `get`."""

from collections.abc import Callable, Mapping
from importlib import import_module

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success


class Registry(msgspec.Struct, frozen=True):
    """A mapping of names to providers, loaded on demand."""

    entries: Mapping[str, Provider | str]
    """Providers, or references: "package.module" is its PROVIDER, "package.module:NAME" another name in it."""
    plugins: Callable[[], Mapping[str, str]] | None = None
    """References of installed packages, called for names that `entries` does not have. No package replaces an entry."""

    def names(self) -> tuple[str, ...]:
        """Return all names (`api_type`), sorted."""
        return tuple(sorted({*self.entries, *self._plugins()}))

    def __contains__(self, name: object) -> bool:
        """Return true for the name of a provider."""
        return name in self.entries or name in self._plugins()

    def near(self, name: str) -> tuple[str, ...]:
        """Return similar names, the most similar first."""
        from difflib import get_close_matches  # imported late: start-up

        return tuple(get_close_matches(name, self.names(), n=3))

    def get(self, name: str) -> LLMResult[Provider]:
        """Return the provider of this `api_type`. Fails with InvalidConfiguration, with similar names."""
        entry = self.entries.get(name) or self._plugins().get(name)
        if entry is None:
            return Failure(
                InvalidConfiguration(
                    message=f"unknown provider {name!r}; known: {', '.join(self.names())}",
                    field="api_type",
                    suggestions=self.near(name),
                )
            )
        if isinstance(entry, Provider):
            return Success(entry)
        module, _, attribute = entry.partition(":")
        try:
            provider = getattr(import_module(module), attribute or "PROVIDER")
        except (ImportError, AttributeError) as error:
            message = f"the provider {name!r} could not be loaded from {entry}: {error}"
            return Failure(InvalidConfiguration(message=message, field="api_type"))
        if not isinstance(provider, Provider):
            message = f"{entry} is not a Provider but a {type(provider).__name__}"
            return Failure(InvalidConfiguration(message=message, field="api_type"))
        return Success(provider)

    def with_provider(self, name: str, provider: Provider | str) -> "Registry":
        """Return a registry with this provider added, or replaced."""
        return Registry({**self.entries, name: provider}, self.plugins)

    def _plugins(self) -> Mapping[str, str]:
        return {} if self.plugins is None else self.plugins()
