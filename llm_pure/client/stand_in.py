"""Prepare a request without a key, where the transport reaches no service: a replay, or the double of a test."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from llm_pure.client.targets import Target
from llm_pure.signing.stand_in import STAND_INS, mark_stand_in, with_stand_in
from llm_pure.types.errors import LLMError
from llm_pure.types.rejection import Rejected

if TYPE_CHECKING:
    from llm_pure.client.call import PreparedRequest


def prepare_with_stand_ins(
    prepare: "Callable[[Target], PreparedRequest]", target: Target, error: LLMError
) -> "PreparedRequest":
    """Prepare an attempt that failed with `error`, with stand-ins for what is missing. Raises Rejected if none helps."""
    config, refusal = target.config, error
    for _ in STAND_INS:
        stand_in = with_stand_in(config, refusal)
        if stand_in is None:
            break
        config = stand_in
        try:
            ready = prepare(msgspec.structs.replace(target, config=config))
        except Rejected as rejected:
            refusal = rejected.error
            continue
        return msgspec.structs.replace(ready, request=mark_stand_in(ready.request, error))
    raise Rejected(refusal)
