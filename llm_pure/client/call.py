"""The course of one call: which lane is next and how long to wait, as `llm_pure.policy.retry.next_action` says; tenacity waits.

A Course is made for each call and forgotten with it, so that a client can be used from many threads and tasks.
"""

import logging
import random
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from llm_pure.client.billing import Ticket, Till
from llm_pure.client.jobs import Job
from llm_pure.client.targets import Lane, named, signed
from llm_pure.client.transport_manager import Links
from llm_pure.core.provider import Built
from llm_pure.policy.retry import Attempt, Decision, FailOver, RetryPolicy, Stop, Wait, next_action
from llm_pure.transports.base import Timeouts, timeouts_of, within
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.client.rate_limiter import Gate, Pass

A = TypeVar("A")
T = TypeVar("T")

_log = logging.getLogger("llm_pure")


class Aim(msgspec.Struct, Generic[T], frozen=True):
    """Everything for one sending: over which transport, what, how long it may take, and how long to wait before it."""

    transport: T
    request: HttpRequest
    timeouts: Timeouts
    wait_s: float = 0.0


class Course:
    """One call: its attempts so far, and what comes next."""

    __slots__ = (
        "_configuration",
        "_ends_s",
        "_gates",
        "_history",
        "_lanes",
        "_next",
        "_pass",
        "_policy",
        "_request",
        "_started_s",
        "_ticket",
        "_till",
        "_timeout_s",
        "_whole_s",
    )

    def __init__(
        self,
        lanes: tuple[Lane, ...],
        policy: RetryPolicy,
        timeout_s: float | None = None,
        gates: "tuple[Gate, ...]" = (),
        till: Till | None = None,
    ) -> None:
        self._lanes = lanes
        self._gates = gates
        self._pass: Pass | None = None
        self._till = till
        self._ticket: Ticket | None = None
        self._timeout_s = timeout_s
        self._policy = policy
        self._whole_s = min(timeout_s or lanes[0].config.timeout, policy.deadline_s)
        self._ends_s = monotonic() + self._whole_s
        self._history: tuple[Attempt, ...] = ()
        self._configuration = 0
        self._started_s = 0.0
        self._request: HttpRequest | None = None
        self._next: Decision | None = None  # None: no attempt has failed since the last began

    @property
    def lane(self) -> Lane:
        """The lane of the attempt that is made now."""
        return self._lanes[self._configuration]

    def aim(self, job: Job[Any], links: Links[T]) -> LLMResult[Aim[T]]:
        """An attempt begins: its signed request, and the transport of its lane. A Failure is the attempt's end."""
        self._started_s = monotonic()
        if isinstance(self._next, FailOver):
            self._configuration = self._next.target_index
        self._next = None
        lane = self.lane
        built = job.build(lane)
        request = built.bind(lambda made: signed(lane, made))
        link = request.bind(lambda made: links.get(lane.settings, made.url))
        if isinstance(link, Failure):
            return self.note(Failure(link.failure()))
        if self._till is not None and job.charge is not None:
            ticket = self._till.open(lane, job.charge, datetime.now(UTC))
            if isinstance(ticket, Failure):
                return self.note(Failure(ticket.failure()))
            self._ticket = ticket.unwrap()
        wait_s = 0.0
        if self._gates:
            left_s = self._ends_s - self._started_s
            entered = self._gates[self._configuration].enter(request.unwrap().body, left_s)
            if isinstance(entered, Failure):
                return self.note(Failure(entered.failure()))
            self._pass = entered.unwrap()
            wait_s = self._pass.wait_s
            self._started_s += wait_s
        if not self._history and _log.isEnabledFor(logging.INFO):
            _tell(lane, built.unwrap())
        self._request = request.unwrap()
        timeouts = timeouts_of(lane.config, self._timeout_s, lane.settings)
        if self._history or wait_s or self._whole_s < timeouts.total_s:
            timeouts = within(timeouts, self._ends_s - self._started_s)
        return Success(Aim(link.unwrap(), self._request, timeouts, wait_s))

    def settle(self, job: Job[A], got: LLMResult[HttpResponse]) -> LLMResult[A]:
        """An attempt ends with this answer: what it says."""
        return self.note(got.bind(lambda response: job.parse(self.lane, response)))

    def note(self, got: LLMResult[A], *, output_delivered: bool = False) -> LLMResult[A]:
        """An attempt ends: the same, with the provider's name in an error. delivered: the caller saw some of it."""
        ended_s = monotonic()
        if self._till is not None and self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            got = self._till.close(ticket, got, ended_s - self._started_s)
        number = len(self._history) + 1
        if isinstance(got, Failure):
            error = named(self.lane, got.failure())
            got = Failure(error)
            attempt = Attempt(
                error=error,
                target_index=self._configuration,
                started_s=self._started_s,
                ended_s=ended_s,
                output_delivered=output_delivered,
            )
            self._history = (*self._history, attempt)
            policy = msgspec.structs.replace(
                self._policy, target_count=len(self._lanes), deadline_s=self._whole_s
            )
            self._next = next_action(policy, self._history, ended_s, random.random())
        elif self._pass is not None:
            self._gates[self._configuration].correct(self._pass, got.unwrap())
        if _log.isEnabledFor(logging.DEBUG):
            from llm_pure.client.call_log import attempt_line

            took_s = ended_s - self._started_s
            _log.debug("%s", attempt_line(self.lane, number, self._request, got, took_s))
        self._request = None
        return got

    def leave(self, partial: Completion | None = None) -> None:
        """The call is over, whatever became of it: an attempt that has no end yet is paid for as far as it came."""
        if self._till is not None and self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._till.leave(ticket, partial, monotonic() - self._started_s)

    @property
    def is_over(self) -> bool:
        """Is the attempt that was made the last one?"""
        return self._next is None or isinstance(self._next, Stop)

    def tenacity_arguments(self) -> dict[str, Any]:
        """For tenacity's Retrying and AsyncRetrying: again until it is over, after the wait that the policy says."""
        return {"retry": self._goes_on, "wait": self._wait_s}

    def _goes_on(self, state: Any) -> bool:
        # failed: an exception, which is a bug or a cancellation
        return not (state.outcome.failed or self.is_over)

    def _wait_s(self, state: Any) -> float:
        return self._next.seconds if isinstance(self._next, Wait) else 0.0


def _tell(lane: Lane, built: Built) -> None:
    from llm_pure.client.call_log import adaptation_line

    for adaptation in built.adaptations:
        _log.info("%s", adaptation_line(lane, adaptation))
