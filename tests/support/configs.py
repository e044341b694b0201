"""Configurations as a file gives them: with MetaGPT's defaults, 4096 tokens and temperature 0.0, where they say nothing else."""

from typing import Any

from llm_pure import LLMConfig
from llm_pure.core.adaptations import Adaptation
from llm_pure.settings.config_parser import with_file_defaults


def file_config(**fields: Any) -> LLMConfig:
    """The model of a configuration file with these fields."""
    return with_file_defaults(LLMConfig(**fields))


def overridden(path: str, before: Any, after: Any) -> Adaptation:
    """What is reported of a value of the request that `extra` replaces."""
    reason = "extra replaces what the request has set"
    return Adaptation(field=path, action="changed", reason=reason, before=before, after=after)
