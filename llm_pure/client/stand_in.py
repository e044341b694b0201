"""Prepare a request without a key, where the transport reaches no service: a replay, or the double of a test."""

from typing import TypeVar

import msgspec

from llm_pure.client.call import CallState, PreparedRequest, prepare
from llm_pure.client.targets import Target
from llm_pure.signing.stand_in import STAND_INS, mark_stand_in, with_stand_in
from llm_pure.types.errors import LLMError
from llm_pure.types.rejection import Rejected

A = TypeVar("A")


def prepare_with_stand_ins(
    call: CallState[A], target: Target, started_s: float, error: LLMError
) -> PreparedRequest:
    """Prepare an attempt that failed with `error`, with stand-ins for what is missing. Raises Rejected if none helps."""
    config, refusal = target.config, error
    for _ in STAND_INS:
        stand_in = with_stand_in(config, refusal)
        if stand_in is None:
            break
        config = stand_in
        try:
            ready = prepare(call, msgspec.structs.replace(target, config=config), started_s)
        except Rejected as rejected:
            refusal = rejected.error
            continue
        return msgspec.structs.replace(ready, request=mark_stand_in(ready.request, error))
    raise Rejected(refusal)
