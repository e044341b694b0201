"""The differences between services of the Responses API, as data."""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from llm_pure.adapters.dialects.common.turn_rules import CacheMarks
from llm_pure.core.adaptations import MetadataLimits, ModelProfile, profile_for
from llm_pure.core.resolved_request import OptionField


class Quirks(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The differences of one service. Compared by identity, so that `profile_of` can cache what applies to a model."""

    store: bool | None = False
    """Value of `store`; None leaves the field out."""
    encrypts: bool = True
    """Reasoning can be requested as `encrypted_content`, and so be replayed without being stored."""
    cache_marks: CacheMarks | None = None
    """How marks of the prompt cache are sent."""
    unsupported: Mapping[str, str] = {}
    """Setting -> reason, beyond the settings that the API itself does not support."""
    options: Mapping[str, OptionField] = {}
    """Optional fields of ChatRequest, where they are not as plain as those of the dialect."""
    metadata_limits: MetadataLimits | None = None
    """What `metadata` can hold."""
    max_effort: bool = False
    """The efforts of a model are those of its trait `responses_efforts`, if it has one."""
    profiles: tuple[ModelProfile, ...] = ()
    """Settings and ranges of the service's models."""


@lru_cache(maxsize=1024)
def profile_of(quirks: Quirks, model: str, plan: str | None) -> ModelProfile:
    """The profile of a model. `plan`: config.pricing_plan."""
    profile = profile_for(quirks.profiles, model, plan)
    if quirks.max_effort and "responses_efforts" in profile.traits:
        return msgspec.structs.replace(profile, efforts=profile.traits["responses_efforts"])
    return profile
