"""Contestants against each other: interleaved rounds in one process, CPU time, medians.

A ratio is taken within each round and its median over the rounds is told, so that a neighbour who slows down one round
slows down both sides of it. CPU time of the one thread (time.thread_time): the machine may be shared, and work that a
library leaves to threads of its own (litellm logs there) is billed to nobody.
"""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import thread_time

import msgspec

Run = Callable[[], object]
"""One job, timed."""

Prepare = Callable[[], Run]
"""What stands before the job and is not timed: a request sent, an answer's head read, a fresh decoder."""

ROUNDS, QUICK_ROUNDS = 9, 3
_SLICE_S = 0.05


class Timings(msgspec.Struct, frozen=True):
    """Seconds of one job, by contestant, round by round."""

    rounds_s: Mapping[str, tuple[float, ...]]

    def seconds(self, name: str) -> float:
        """The median of a contestant."""
        return median(self.rounds_s[name])

    def ratio(self, name: str, base: str) -> float:
        """How many times the base's time a contestant takes: the median of the rounds' ratios."""
        both = zip(self.rounds_s[name], self.rounds_s[base], strict=True)
        return median([mine / other for mine, other in both])


def race(contestants: Mapping[str, Prepare], rounds: int) -> Timings:
    """Time every contestant in every round; a short job is repeated until a slice of 50 ms is full."""
    repeats = {name: _repeats(prepare) for name, prepare in contestants.items()}
    gc.collect()
    gc.freeze()  # what imports left behind is not walked again and again at the contestants' cost
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, prepare in contestants.items():
            taken[name].append(_timed(prepare, repeats[name]))
    gc.unfreeze()
    return Timings({name: tuple(each) for name, each in taken.items()})


def _repeats(prepare: Prepare) -> int:
    _timed(prepare, 1)  # warm
    return max(1, int(_SLICE_S / max(_timed(prepare, 1), 1e-6)))


def _timed(prepare: Prepare, repeats: int) -> float:
    runs = [prepare() for _ in range(repeats)]
    gc.collect()
    start = thread_time()
    while runs:
        runs.pop()()  # and let go of it, as a program does that has read its answer
    return (thread_time() - start) / repeats
