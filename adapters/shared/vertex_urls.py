"""Hosts, locations and API keys of Vertex AI, which both of its providers have."""

from llm_pure.types.config import LLMConfig, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.rejection import Rejected

GLOBAL = "global"
_MULTI_REGIONS = ("us", "eu")
_API_KEY_PREFIXES = ("AIza", "AQ.")
"""Prefixes of Google's API keys; any other key is an OAuth token, which begins with "ya29." or is a JWT."""


def location_of(name: str, config: LLMConfig) -> str:
    """config.location, else config.region_name, else "global". Raises Rejected with InvalidConfiguration."""
    location = config.location or config.region_name or GLOBAL
    if not location.replace("-", "").isalnum() or not location.isascii():
        message = f"invalid location {location!r}; example: us-central1"
        raise Rejected(InvalidConfiguration(message=message, provider=name, field="location"))
    return location


def host_of(location: str) -> str:
    """The URL of a region, of "us" or "eu", or of "global".

    >>> host_of("global"), host_of("eu"), host_of("us-central1")[8:39]
    ('https://aiplatform.googleapis.com', 'https://aiplatform.eu.rep.googleapis.com', 'us-central1-aiplatform.googleap')
    """
    if location == GLOBAL:
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def is_api_key(config: LLMConfig) -> bool:
    """True if the configured key is an API key, and no OAuth token."""
    return reveal(config.api_key).strip().startswith(_API_KEY_PREFIXES)
