"""What the files about messages share: why a message cannot be sent, and how it is said that something was left out.

`Unsendable` never leaves the dialect: `encode_messages` turns it into a value.
"""

from llm_pure.core.adaptations import Adaptation


class Unsendable(Exception):
    """A part that has no form here; the message names its place."""


def dropped(field: str, reason: str) -> Adaptation:
    """Something was left out."""
    return Adaptation(field=field, action="dropped", reason=reason)


def changed(field: str, reason: str, before: object = None, after: object = None) -> Adaptation:
    """Something was sent another way."""
    return Adaptation(field=field, action="changed", reason=reason, before=before, after=after)
