"""Calls that wait for another thread, in any event loop: for a budget store (`budgets_sqlite`), and for prices and a tokenizer,
which take a third of a second to load. Loaded when one does.
"""

from collections.abc import Generator
from concurrent.futures import Future
from contextlib import suppress
from threading import TIMEOUT_MAX, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from llm_pure.client.billing import BillableRequest, Billing, PendingCall
from llm_pure.client.budgets import BackgroundStore
from llm_pure.client.targets import Target
from llm_pure.transports.base import within
from llm_pure.transports.exchange import running_loop
from llm_pure.transports.sockets import reset_after_fork
from llm_pure.types.result import LLMResult

if TYPE_CHECKING:
    from llm_pure.client.call import CallContext, CallState, PreparedRequest

_MAX_MODELS = 1000
"""Names of models that are remembered as loaded: callers may choose them."""
_MAX_SETTLE_S = 5.0
"""How long a call that has its response waits until its cost is written; later it is written all the same."""


class Await(msgspec.Struct, frozen=True):
    """A step of a call: wait for work in another thread. Its outcome is the result, None after `timeout_s`."""

    future: "Future[Any]"
    timeout_s: float

    def wait(self) -> object:
        """Block this thread."""
        try:
            return self.future.result(self.timeout_s)
        except TimeoutError:
            return None

    async def async_wait(self) -> object:
        """`wait`, while other tasks of the event loop run."""
        import anyio  # imported late: start-up

        done = anyio.Event()
        loop: Any = running_loop()
        on_asyncio = hasattr(loop, "call_soon_threadsafe")
        wake = loop.call_soon_threadsafe if on_asyncio else loop.run_sync_soon

        def notice(_: object) -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                wake(done.set)

        self.future.add_done_callback(notice)
        with anyio.move_on_after(self.timeout_s):
            await done.wait()
        return self.future.result() if self.future.done() else None


class _Loads:
    """What is loaded, or is being loaded by a thread, which a forked process does not have."""

    def __init__(self) -> None:
        self.reset_after_fork()
        reset_after_fork(self)

    def reset_after_fork(self) -> None:
        """Begin anew: what was loaded is found at once."""
        self._lock = Lock()
        self.in_turn = Lock()
        """Held by the thread that loads: several at once would load the same."""
        self._futures: dict[_Model, Future[None]] = {}

    def start(self, billing: Billing, model: "_Model") -> "Future[None]":
        """Load prices and the tokenizer of a model, once; return a future that is done then, whether they are there or not."""
        with self._lock:
            future = self._futures.get(model)
            if future is None:
                if len(self._futures) >= _MAX_MODELS:  # what was loaded is found at once
                    self._futures.clear()
                future = self._futures[model] = Future()
                Thread(target=_load, args=(billing, model, future), daemon=True).start()
            return future


_Model: TypeAlias = tuple[str, str | None]
"""Name and pricing plan."""
_loads = _Loads()


def _load(billing: Billing, model: _Model, done: "Future[None]") -> None:
    with suppress(Exception), _loads.in_turn:  # what cannot be loaded is an error of the call
        from llm_pure.client.tokenizers import load_token_counter  # imported late: start-up

        billing.table.map(lambda _: load_token_counter(*model))
    done.set_result(None)


def load_steps(
    call: "CallState[Any]", target: Target, request: BillableRequest
) -> Generator[Await, Any, None]:
    """Load what a cost, or a count of tokens, needs, the first time for a model, at most until the deadline of the call."""
    config = target.config
    future = _loads.start(
        call.context.billing, (request.model or config.model, config.pricing_plan)
    )
    if not future.done():
        yield Await(future, max(0.0, call.deadline_s - monotonic()))


def warmup_steps(context: "CallContext") -> Generator[Await, Any, None]:
    """Load what the first call to each target needs under a budget, however long it takes."""
    for target in context.targets.value_or(()) if context.billing.has_limit else ():
        model = (target.config.model, target.config.pricing_plan)
        yield Await(_loads.start(context.billing, model), TIMEOUT_MAX)


def reserve_steps(
    call: "CallState[Any]", ready: "PreparedRequest", pending: PendingCall, store: BackgroundStore
) -> Generator[Await, Any, "PreparedRequest"]:
    """Wait for the reservation, at most until the deadline of the call.

    Raises Rejected, and then neither the reservation nor the permit is held.
    """
    assert pending.max_usd is not None
    left_s = call.deadline_s - monotonic()
    future = store.start_reserve(pending.max_usd, left_s)
    reserved: PendingCall | None = None
    try:
        reserved = call.context.billing.reserved(pending, (yield Await(future, left_s)))
    finally:
        if reserved is None:
            _give_back(store, future)
            if ready.permit is not None:
                call.context.limiters[call.index].release(ready.permit)
    timeouts = within(ready.timeouts, max(0.001, call.deadline_s - monotonic()))
    return msgspec.structs.replace(ready, pending=reserved, timeouts=timeouts)


def settle_steps(call: "CallState[Any]", store: BackgroundStore) -> Generator[Await, Any, None]:
    """Wait until the cost of a call is written, so that it survives the end of this process, but not for long."""
    left_s = max(0.0, call.deadline_s - monotonic())
    yield Await(store.flushed(), min(left_s, _MAX_SETTLE_S))


def _give_back(store: BackgroundStore, future: "Future[LLMResult[str]]") -> None:
    """Release a reservation that comes too late."""

    def release(done: "Future[LLMResult[str]]") -> None:
        if not done.cancelled() and done.exception() is None:
            done.result().map(store.start_release)

    if not future.cancel():
        future.add_done_callback(release)
