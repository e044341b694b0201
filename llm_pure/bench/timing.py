"""The method: contestants take turns in rounds, in one process, by CPU time; medians, and ratios with their spread.

A ratio is formed within each round, and its median over the rounds is reported, so that a neighbour who slows down one round
slows down both sides. CPU time of the one thread (time.thread_time): the machine may be shared, and work that a library leaves
to threads of its own (litellm logs there) is billed to nobody.
"""

import gc
import tracemalloc
from collections.abc import Callable, Mapping
from statistics import median, quantiles
from time import thread_time

import msgspec

Run = Callable[[], object]
"""One job, timed."""

Prepare = Callable[[], Run]
"""What precedes the job and is not timed: a request sent, the head of an answer read, a fresh decoder."""

ROUNDS, QUICK_ROUNDS = 9, 3
SLICE_S = 0.05
"""A job is repeated until a round of it takes this long."""


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """How many times the base's time a contestant takes, over the rounds."""

    median: float
    low: float
    """The first quartile."""
    high: float
    """The third quartile."""


class Timings(msgspec.Struct, frozen=True):
    """Seconds of one job, by contestant, round by round."""

    rounds_s: Mapping[str, tuple[float, ...]]

    def seconds(self, name: str) -> float:
        """The median of a contestant."""
        return median(self.rounds_s[name])

    def ratio(self, name: str, base: str) -> float:
        """How many times the base's time a contestant takes: the median of the rounds' ratios."""
        return self.spread(name, base).median

    def spread(self, name: str, base: str) -> Ratio:
        """The ratio with its quartiles over the rounds.

        >>> Timings({"a": (2.0, 3.0, 4.0), "b": (1.0, 1.0, 1.0)}).spread("a", "b")
        Ratio(median=3.0, low=2.5, high=3.5)
        """
        both = zip(self.rounds_s[name], self.rounds_s[base], strict=True)
        ratios = [mine / other if other else 1.0 for mine, other in both]
        if len(ratios) < 2:
            return Ratio(median=ratios[0], low=ratios[0], high=ratios[0])
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        return Ratio(median=middle, low=low, high=high)


def allocation_peak(prepare: Prepare) -> int:
    """Return the most bytes that Python holds while a job runs, above what it held before."""
    run = prepare()
    gc.collect()
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not running:
            tracemalloc.stop()
    return max(0, peak - before)


class Instruments(msgspec.Struct, frozen=True, kw_only=True):
    """What measures: a test has its own, whose readings are fixed."""

    clock: Callable[[], float] = thread_time
    """Seconds."""
    peak: Callable[[Prepare], int] = allocation_peak
    """Bytes that a job allocates at most."""
    slice_s: float = SLICE_S
    collect: Callable[[], object] = gc.collect
    """Called before each job, so that the garbage of one is not collected at the cost of the next."""


REAL = Instruments()


def race(
    contestants: Mapping[str, Prepare], rounds: int, instruments: Instruments = REAL
) -> Timings:
    """Time every contestant in every round; a short job is repeated until a slice of 50 ms is full."""
    repeats = {name: _repeats(prepare, instruments) for name, prepare in contestants.items()}
    instruments.collect()
    gc.freeze()  # what imports left behind is not walked again and again at the contestants' cost
    times: dict[str, list[float]] = {name: [] for name in contestants}
    try:
        for _ in range(rounds):
            for name, prepare in contestants.items():
                times[name].append(_timed(prepare, repeats[name], instruments))
    finally:
        gc.unfreeze()
    return Timings({name: tuple(each) for name, each in times.items()})


def _repeats(prepare: Prepare, instruments: Instruments) -> int:
    _timed(prepare, 1, instruments)  # warm
    return max(1, int(instruments.slice_s / max(_timed(prepare, 1, instruments), 1e-6)))


def _timed(prepare: Prepare, repeats: int, instruments: Instruments) -> float:
    clock, runs = instruments.clock, [prepare() for _ in range(repeats)]
    instruments.collect()
    start = clock()
    while runs:
        runs.pop()()  # and let go of it, as a program does that has read its answer
    return (clock() - start) / repeats
