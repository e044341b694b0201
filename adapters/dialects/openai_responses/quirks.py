"""How the services that speak Responses differ, as data."""

from collections.abc import Mapping

import msgspec

from llm_pure.core.adaptations import ModelProfile
from llm_pure.core.error_mapping import ErrorType


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one service does in its own way.

    store: what is sent as `store`; None sends nothing. encrypts: reasoning can be had as encrypted_content, so that it
    goes back without being stored. refuses: settings that it does not take beyond those of the API, with the reason.
    rules: what its models do not take. error_codes: its own error codes.
    """

    store: bool | None = False
    encrypts: bool = True
    unsupported: Mapping[str, str] = {}
    profiles: tuple[ModelProfile, ...] = ()
    error_codes: Mapping[str, ErrorType] = {}
