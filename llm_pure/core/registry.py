"""Names -> providers: a `Registry` is a value, and a provider's module is loaded when it is asked for."""

from collections.abc import Mapping
from importlib import import_module

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, LLMResult, Success


class Registry(msgspec.Struct, frozen=True):
    """Which providers there are. Entries are providers, or the module (`"package.module"`) whose PROVIDER is one.

    "package.module:NAME" takes another name out of the module.
    """

    entries: Mapping[str, Provider | str]

    def names(self) -> tuple[str, ...]:
        """Every api_type, sorted."""
        return tuple(sorted(self.entries))

    def near(self, name: str) -> tuple[str, ...]:
        """Names that may have been meant, the likeliest first."""
        from difflib import get_close_matches  # hardly ever needed

        return tuple(get_close_matches(name, self.entries, n=3))

    def get(self, name: str) -> LLMResult[Provider]:
        """The provider of this api_type, or InvalidConfiguration that lists near names."""
        entry = self.entries.get(name)
        if entry is None:
            return Failure(
                InvalidConfiguration(
                    message=f"there is no provider {name!r}; known are {', '.join(self.names())}",
                    field="api_type",
                    suggestions=self.near(name),
                )
            )
        if isinstance(entry, Provider):
            return Success(entry)
        module, _, attribute = entry.partition(":")
        try:
            found = getattr(import_module(module), attribute or "PROVIDER")
        except (ImportError, AttributeError) as fault:
            message = f"the provider {name!r} could not be loaded from {entry}: {fault}"
            return Failure(InvalidConfiguration(message=message, field="api_type"))
        if not isinstance(found, Provider):
            message = f"{entry} is not a Provider but a {type(found).__name__}"
            return Failure(InvalidConfiguration(message=message, field="api_type"))
        return Success(found)

    def with_provider(self, name: str, provider: Provider | str) -> "Registry":
        """A registry that has one more, or another one under this name."""
        return Registry({**self.entries, name: provider})
