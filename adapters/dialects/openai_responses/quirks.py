"""How the services that speak Responses differ, as data."""

from collections.abc import Mapping

import msgspec

from llm_pure.adapt import ModelRule
from llm_pure.classify import ErrorType


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one service does in its own way.

    store: what is sent as `store`; None sends nothing. encrypts: reasoning can be had as encrypted_content, so that it
    goes back without being stored. refuses: settings that it does not take beyond those of the API, with the reason.
    rules: what its models do not take. error_words: its own error codes.
    """

    store: bool | None = False
    encrypts: bool = True
    refuses: Mapping[str, str] = {}
    rules: tuple[ModelRule, ...] = ()
    error_words: Mapping[str, ErrorType] = {}
