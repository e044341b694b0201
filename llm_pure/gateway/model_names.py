"""Name of a model as a client sends it -> the configured model that it means. Pure."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from llm_pure.types.errors import NotFound
from llm_pure.types.result import Failure, LLMResult, Success

MAX_LISTED = 40
"""Names in the message about an unknown one."""

MAX_NAME = 200
"""Characters of an unknown name that are looked at."""


class ModelNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names that clients may use."""

    names: tuple[str, ...] = ()
    """Of the configured models."""
    aliases: Mapping[str, str] = {}
    """Pattern -> name of a configured model; the first pattern that matches counts."""
    provider_names: Mapping[str, str] = {}
    """The provider's own name of a model -> that of the configured model."""
    fallback: str | None = None
    """What every other name means; None for an error."""

    def resolve(self, requested: str) -> LLMResult[str]:
        """Return the name of the configured model. Fails with NotFound, which lists the names.

        >>> names = ModelNames(names=("fast", "smart"), aliases={"claude-*haiku*": "fast", "claude-*": "smart"})
        >>> names.resolve("claude-sonnet-4-5").unwrap(), names.resolve("claude-haiku-4-5").unwrap()
        ('smart', 'fast')
        """
        if requested in self.names:
            return Success(requested)
        plain = requested.removeprefix("models/").removesuffix(":latest")
        for name in (requested, plain):
            if name in self.names:
                return Success(name)
            for pattern, model in self.aliases.items():
                if fnmatchcase(name, pattern):
                    return Success(model)
            if name in self.provider_names:
                return Success(self.provider_names[name])
        if self.fallback is not None:
            return Success(self.fallback)
        return Failure(unknown_name(requested, self.listed()))

    def listed(self) -> tuple[str, ...]:
        """The names for lists: the models', and the aliases that are no patterns."""
        plain = [alias for alias in self.aliases if not set("*?[") & set(alias)]
        return (*self.names, *[alias for alias in plain if alias not in self.names])


def unknown_name(requested: str, listed: tuple[str, ...]) -> NotFound:
    """The error for a name that is not served."""
    from difflib import get_close_matches  # imported late: start-up

    names = ", ".join(listed[:MAX_LISTED]) or "none"
    requested = requested[:MAX_NAME]  # a client may send megabytes
    return NotFound(
        message=f"model: {requested} is not served here; served are {names}",
        status=404,
        code="model_not_found",
        suggestions=tuple(get_close_matches(requested, listed, n=3)),
    )
