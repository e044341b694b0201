"""One call as a generator of steps; `drivers` performs them with sync and with async I/O.

    LLM.completion(request)
      call_steps(spec, context)                     attempts over the targets: retry, failover
        spec.build(target), provider.authorize      -> HttpRequest
        limiter.acquire, billing.start              -> Permit, PendingCall
        yield Send(target, request, timeouts)       <-> drive, perform -> transport.send
        spec.parse(target, response)                -> Result
        billing.finish, next_action(policy, history)

A stream is the same with `Open` in place of `Send`. All state of a call is in its generator, so a client may be used
from any number of threads and tasks.
"""

import logging
import random
import time
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Union, cast

import msgspec

from llm_pure.client.arguments import check_arguments
from llm_pure.client.billing import BillableRequest, Billing, PendingCall
from llm_pure.client.targets import Target, annotate_error
from llm_pure.client.transport_manager import TransportManager
from llm_pure.core.provider import Built
from llm_pure.policy.retry import Attempt, Decision, FailOver, RetryPolicy, Stop, Wait, next_action
from llm_pure.transports.base import Timeouts, timeouts_of, within
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.rejection import TYPE_ERRORS, Rejected, ok
from llm_pure.types.request import ChatRequest, MessagesInput, SchemaFormat
from llm_pure.types.result import Failure, LLMResult

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from llm_pure.client.background import Await
    from llm_pure.client.rate_limiter import Permit, RateLimiter
    from llm_pure.client.stream_reader import ResponseReader, StreamKind

A = TypeVar("A")

ChatInput: TypeAlias = ChatRequest | MessagesInput
_log = logging.getLogger("llm_pure")


class CallSpec(msgspec.Struct, Generic[A], frozen=True):
    """One kind of call: how to build its request for a target and how to parse the response. Pure."""

    request: Any
    billable: BillableRequest | None = None
    """The request to charge for; None if the provider charges nothing."""
    stream: "StreamKind[Any, A] | None" = None
    """How to read a streamed response; None for a unary one."""

    def build(self, target: Target) -> LLMResult[Built]:
        """Build the request, without credentials."""
        raise NotImplementedError

    def parse(self, target: Target, response: HttpResponse) -> LLMResult[A]:
        """Parse a response of any status."""
        raise NotImplementedError


class ChatCall(CallSpec[Completion], frozen=True):
    """A chat request. A response format that falls back to a tool is built as the provider requires."""

    def build(self, target: Target) -> LLMResult[Built]:
        response_format = self.request.response_format
        if isinstance(response_format, SchemaFormat) and response_format.fallback_to_tool:
            from llm_pure.output.structured import build_structured  # imported late: start-up

            return build_structured(target.provider, target.config, self.request)
        return target.provider.build_chat(target.config, self.request)

    def parse(self, target: Target, response: HttpResponse) -> LLMResult[Completion]:
        return target.provider.parse_chat(response)


def chat_request(value: ChatInput, *, stream: bool | None = None) -> ChatRequest:
    """Return the request, or a request with these messages. stream: overrides the request's own.

    Messages of an iterator are kept: each attempt reads them.
    """
    request = value if isinstance(value, ChatRequest) else ChatRequest(messages=value)
    if isinstance(request.messages, Iterator):
        request = msgspec.structs.replace(request, messages=tuple(request.messages))
    return request if stream is None else msgspec.structs.replace(request, stream=stream)


def chat_call(request: ChatRequest) -> ChatCall:
    """Return the call for a chat request; `request.stream` decides how the response comes."""
    if not request.stream:
        return ChatCall(request, request)
    from llm_pure.client import stream_reader  # imported late: start-up

    return ChatCall(request, request, stream_reader.CHAT)


class Sleep(msgspec.Struct, frozen=True):
    """Wait before the next step."""

    seconds: float

    def wait(self) -> None:
        """Sleep in this thread."""
        time.sleep(self.seconds)

    async def async_wait(self) -> None:
        """Sleep on asyncio or trio."""
        import anyio  # imported late: start-up

        await anyio.sleep(self.seconds)


class Send(msgspec.Struct, frozen=True):
    """Send a request; the driver sends back an `LLMResult[HttpResponse]`."""

    target: Target
    request: HttpRequest
    timeouts: Timeouts


class Open(msgspec.Struct, frozen=True):
    """Send a request and feed the response to the reader, up to its outcome.

    The driver sends back whether events were delivered to the caller: then the call is not retried.
    """

    target: Target
    request: HttpRequest
    timeouts: Timeouts
    reader: "ResponseReader[Any, Any]"


Step: TypeAlias = Union[Sleep, Send, Open, "Await"]
"""Await: wait for a budget store that works in the background."""
Steps: TypeAlias = Generator[Step, Any, LLMResult[A]]


class CallContext(msgspec.Struct, frozen=True, kw_only=True):
    """What all calls of one client share."""

    targets: LLMResult[tuple[Target, ...]]
    """A Failure is the result of every call."""
    transports: TransportManager
    policy: RetryPolicy
    billing: Billing
    limiters: "tuple[RateLimiter, ...]" = ()


class PreparedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A signed request with all that one attempt holds."""

    request: HttpRequest
    timeouts: Timeouts
    permit: "Permit | None"
    pending: PendingCall | None
    tool_names: Mapping[str, str] | None = None
    """Sent name of a tool -> the caller's, where the service did not accept it."""


class CallState(msgspec.Struct, Generic[A], kw_only=True):
    """State of one call: failed attempts, current target, next action."""

    spec: CallSpec[A]
    context: CallContext
    targets: tuple[Target, ...]
    timeout_s: float | None
    total_s: float
    deadline_s: float
    history: tuple[Attempt, ...] = ()
    index: int = 0
    action: Decision | None = None
    """After a failed attempt."""

    def should_retry(self, state: "RetryCallState") -> bool:
        """tenacity's `retry`."""
        return not (self.action is None or isinstance(self.action, Stop))

    def wait_s(self, state: "RetryCallState") -> float:
        """tenacity's `wait`."""
        return self.action.seconds if isinstance(self.action, Wait) else 0.0


def call_steps(spec: CallSpec[A], context: CallContext, timeout_s: float | None = None) -> Steps[A]:
    """Attempt the call until an attempt succeeds or the retry policy stops; return that attempt's result."""
    targets = context.targets
    if type(targets) is Failure:
        return targets
    if timeout_s is not None and (invalid := check_arguments(timeout_s=timeout_s)):
        return invalid
    loaded = targets.unwrap()
    total_s = min(timeout_s or loaded[0].config.timeout, context.policy.deadline_s)
    call = CallState(
        spec=spec,
        context=context,
        targets=loaded,
        timeout_s=timeout_s,
        total_s=total_s,
        deadline_s=monotonic() + total_s,
    )
    result = yield from _attempt_steps(call)
    if call.action is None or isinstance(call.action, Stop):
        return result
    return (yield from _retry_steps(call, result))


def _retry_steps(call: CallState[A], first: LLMResult[A]) -> Steps[A]:
    """Let tenacity drive the attempts after a failed first one, for sync and async calls alike."""
    from tenacity import DoAttempt, DoSleep, RetryCallState, Retrying  # imported late: start-up

    retrying = Retrying(retry=call.should_retry, wait=call.wait_s)
    retrying.begin()
    state = RetryCallState(retrying, None, (), {})
    state.set_result(first)
    while True:
        action = retrying.iter(state)
        if isinstance(action, DoAttempt):
            state.set_result((yield from _attempt_steps(call)))
        elif isinstance(action, DoSleep):
            state.prepare_for_next_attempt()
            yield Sleep(float(action))
        else:
            return cast("LLMResult[A]", action)


def _attempt_steps(call: CallState[A]) -> Steps[A]:
    """One attempt, from building the request to parsing the response. A cancelled attempt is billed by what came."""
    if isinstance(call.action, FailOver):
        call.index = call.action.target_index
    spec, target, started_s = call.spec, call.targets[call.index], monotonic()
    billing = call.context.billing
    try:
        ready = yield from _ready_steps(call, target, started_s)
    except Rejected as rejected:
        return _end_attempt(call, None, Failure(rejected.error), started_s)
    except TYPE_ERRORS:
        from llm_pure.types.wrong_types import wrong_type_error  # imported late: start-up

        error = wrong_type_error(spec.request, target.config)
        if error is None:
            raise
        return _end_attempt(call, None, Failure(error), started_s)
    result: LLMResult[A] | None = None
    reader: ResponseReader[Any, A] | None = None
    output_delivered = False
    try:
        if ready.permit is not None and ready.permit.wait_s > 0:
            started_s += ready.permit.wait_s
            try:
                yield Sleep(ready.permit.wait_s)
            except GeneratorExit:  # cancelled: its turn is free
                call.context.limiters[call.index].release(ready.permit)
                raise
        if spec.stream is None:
            response: LLMResult[HttpResponse] = yield Send(target, ready.request, ready.timeouts)
            result = response.bind(partial(spec.parse, target))
            if ready.tool_names:
                from llm_pure.core.tool_names import restore_result  # imported late: start-up

                result = restore_result(result, ready.tool_names)
        else:
            from llm_pure.client import stream_reader  # imported late: start-up

            reader = stream_reader.ResponseReader(spec.stream, target, ready.tool_names)
            output_delivered = yield Open(target, ready.request, ready.timeouts, reader)
            result = reader.outcome
    finally:
        if result is None and ready.pending is not None:
            received = None if reader is None else reader.partial()
            billing.abandon(ready.pending, received, monotonic() - started_s)
    assert result is not None
    try:
        if ready.pending is not None and billing.has_to_count(ready.pending, result):
            from llm_pure.client.background import load_steps  # imported late: start-up

            yield from load_steps(call, target, ready.pending.request)
    finally:  # a response that came is charged, also if the call is cancelled meanwhile
        result = _end_attempt(call, ready, result, started_s, output_delivered=output_delivered)
    if billing.background is not None and ready.pending is not None:
        from llm_pure.client.background import settle_steps  # imported late: start-up

        yield from settle_steps(call, billing.background)
    return result


def _ready_steps(
    call: CallState[A], target: Target, started_s: float
) -> Generator[Step, Any, PreparedRequest]:
    """Prepare the request; load before what its budget needs, reserve after it in the background. Raises Rejected."""
    billing = call.context.billing
    if billing.has_limit and call.spec.billable is not None:
        from llm_pure.client.background import load_steps  # imported late: start-up

        yield from load_steps(call, target, call.spec.billable)
    try:
        ready = _prepare(call, target, started_s)
    except Rejected as rejected:
        if call.context.transports.needs_credentials:
            raise
        from llm_pure.client.stand_in import prepare_with_stand_ins  # imported late: tests only

        prepare = partial(_prepare, call, started_s=started_s)
        ready = prepare_with_stand_ins(prepare, target, rejected.error)
    store, pending = billing.background, ready.pending
    if store is not None and pending is not None and pending.max_usd is not None:
        from llm_pure.client.background import reserve_steps  # imported late: start-up

        return (yield from reserve_steps(call, ready, pending, store))
    return ready


def _prepare(call: CallState[A], target: Target, started_s: float) -> PreparedRequest:
    """Build and sign the request, acquire a permit, then reserve the cost. Raises Rejected, and then holds neither."""
    context, spec, permit, pending, wait_s = call.context, call.spec, None, None, 0.0
    try:
        built = ok(spec.build(target))
        now = datetime.now(UTC)
        config = target.config
        if getattr(spec.request, "headers", None):
            from llm_pure.core.request_fields import request_config  # imported late: start-up

            config = request_config(config, spec.request)
        request = ok(target.provider.authorize(config, built.request, now))
        if context.limiters:
            max_wait_s = call.deadline_s - started_s
            permit = ok(context.limiters[call.index].acquire(request.body, max_wait_s))
            wait_s = permit.wait_s
        if spec.billable is not None:
            pending = context.billing.start(target, spec.billable, now, request.body)
    except Exception:
        if permit is not None:
            context.limiters[call.index].release(permit)
        raise
    if not call.history and _log.isEnabledFor(logging.INFO):
        from llm_pure.client.call_log import format_adaptation  # imported late: start-up

        for adaptation in built.adaptations:
            _log.info("%s", format_adaptation(target, adaptation))
    timeouts = timeouts_of(target.config, call.timeout_s, target.settings)
    if call.history or wait_s or call.total_s < timeouts.total_s:
        timeouts = within(timeouts, call.deadline_s - started_s - wait_s)
    names = built.tool_names if built.adaptations else None
    return PreparedRequest(
        request=request, timeouts=timeouts, permit=permit, pending=pending, tool_names=names
    )


def _end_attempt(
    call: CallState[A],
    ready: PreparedRequest | None,
    result: LLMResult[A],
    started_s: float,
    *,
    output_delivered: bool = False,
) -> LLMResult[A]:
    """Settle the attempt and decide what follows a failure. Return the result, with the provider's name in an error."""
    ended_s, context, target = monotonic(), call.context, call.targets[call.index]
    number = len(call.history) + 1
    if ready is not None and ready.pending is not None:
        result = context.billing.finish(ready.pending, result, ended_s - started_s)
    call.action = None
    if type(result) is Failure:
        from llm_pure.client.remedies import with_remedy  # imported late: start-up

        model = getattr(call.spec.request, "model", None) or target.config.model
        error = with_remedy(target, model, annotate_error(target, result.failure()))
        result = Failure(error)
        attempt = Attempt(
            error=error,
            target_index=call.index,
            started_s=started_s,
            ended_s=ended_s,
            output_delivered=output_delivered,
        )
        call.history = (*call.history, attempt)
        policy = msgspec.structs.replace(
            context.policy, target_count=len(call.targets), deadline_s=call.total_s
        )
        call.action = next_action(policy, call.history, ended_s, random.random())
        if not isinstance(call.action, Stop) and _log.isEnabledFor(logging.WARNING):
            from llm_pure.client.call_log import format_retry  # imported late: start-up

            _log.warning("%s", format_retry(call.targets, call.history, policy, call.action))
    elif ready is not None and ready.permit is not None:
        context.limiters[call.index].adjust(ready.permit, result.unwrap())
    if _log.isEnabledFor(logging.DEBUG):
        from llm_pure.client.call_log import format_attempt  # imported late: start-up

        request = None if ready is None else ready.request
        took_s = ended_s - started_s
        _log.debug("%s", format_attempt(target, number, request, result, took_s))
    return result
