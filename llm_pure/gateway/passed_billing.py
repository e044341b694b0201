"""Billing of a request that is passed on: it is parsed only where its cost has to be known before it is sent, or estimated after."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from llm_pure.client.billing import UNBOUNDED, Billing, PendingCall
from llm_pure.client.targets import Target
from llm_pure.core.server import ReceivedRequest
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Message
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult


class PassedRequest(ChatRequest, frozen=True, kw_only=True):
    """A request that is not parsed; `parse` does it where its cost has to be known or estimated."""

    messages: Any = ()
    parse: Callable[[], LLMResult[ReceivedRequest]]
    size: int = 0
    """Bytes of its body."""


class PassedBilling(Billing):
    """Billing that parses a request that is passed on only if its cost has to be estimated."""

    later: Callable[[Callable[[], object]], object] | None = None
    """Takes the settling of calls whose usage is known and for which no budget waits."""

    def start(self, target: Target, request: Any, now: Any, body: bytes = b"") -> PendingCall:
        """Start a call, as Billing does; under a budget it fails for a request that cannot be read, or that has no limit.

        Raises Rejected: with InvalidRequest, and as Billing.
        """
        if self.store.max_usd is not None and isinstance(request, PassedRequest):
            request = billed_request(ok(request.parse()))
        try:
            return super().start(target, request, now, body)
        except Rejected as rejected:
            if rejected.error.code != UNBOUNDED:
                raise
            raise Rejected(InvalidRequest(message=rejected.error.message, status=400)) from None

    def has_to_count(self, pending: PendingCall, result: LLMResult[Any]) -> bool:
        """Whether `finish` counts tokens. Without a budget it does not for failed calls."""
        is_rough = type(result) is Failure and self.store.max_usd is None
        return not is_rough and super().has_to_count(pending, result)

    def finish(self, pending: PendingCall, result: LLMResult[Any], took_s: float) -> LLMResult[Any]:
        """Settle the call, as Billing does."""
        if isinstance(pending.request, ChatRequest) and type(result) is not Failure:
            usage = result.unwrap().usage
            known = usage.input_tokens is not None and usage.output_tokens is not None
            unlimited = self.store.max_usd is None and self.background is None
            if known and unlimited and self.later is not None:
                self.later(partial(super().finish, pending, result, took_s))
                return result
            if not known and isinstance(pending.request, PassedRequest):
                pending = _parsed_call(pending)
        return super().finish(pending, result, took_s)

    def abandon(self, pending: PendingCall, received: Completion | None, took_s: float) -> None:
        """End a failed call, as Billing does. Without a budget the estimate is rough: many clients may leave at once, and a
        tokenizer takes more memory than the gateway."""
        has_content = received is not None and bool(received.message.parts)
        if received is None or not has_content:
            super().abandon(pending, received, took_s)
        elif self.store.max_usd is None and isinstance(pending.request, ChatRequest):
            usage = rough_usage(pending.request, received)
            self._settle(pending, msgspec.structs.replace(received, usage=usage), took_s)
        else:
            super().abandon(_parsed_call(pending), received, took_s)


_BYTES_PER_TOKEN = 4
"""Of English text; other text and code take fewer, so that the estimate is rather low there."""


def rough_usage(request: ChatRequest, received: Completion) -> Usage:
    """Usage by the length of the texts, where the provider has not reported it."""
    message, known = received.message, received.usage
    if isinstance(request, PassedRequest):
        sent = request.size
    else:
        turns = request.messages if isinstance(request.messages, list | tuple) else ()
        sent = sum([len(turn.text) for turn in turns if isinstance(turn, Message)])
    calls = [len(call.arguments) for call in message.tool_calls]
    came = len(message.text) + len(message.reasoning) + sum(calls)
    output = max(known.output_tokens or 0, -(-came // _BYTES_PER_TOKEN))
    return msgspec.structs.replace(
        known,
        input_tokens=known.input_tokens or -(-sent // _BYTES_PER_TOKEN),
        output_tokens=output,
        estimated=True,
    )


def _parsed(request: Any) -> Any:
    """The request as it is billed; one that cannot be parsed has no text to estimate."""
    if not isinstance(request, PassedRequest):
        return request
    return request.parse().map(billed_request).value_or(ChatRequest(messages=()))


def billed_request(received: ReceivedRequest) -> ChatRequest:
    """The request with the model of the target, whatever the client calls it."""
    return msgspec.structs.replace(received.chat, model="")


def _parsed_call(pending: PendingCall) -> PendingCall:
    return msgspec.structs.replace(pending, request=_parsed(pending.request))
