"""Rounds, repeats, medians and the spread of ratios."""

from collections.abc import Callable

import pytest

from llm_pure.bench.timing import Instruments, Prepare, Ratio, Run, Timings, allocation_peak, race


class Steps:
    """A clock that only jobs advance."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def read(self) -> float:
        return self.now

    def job(self, name: str, *durations_s: float) -> Prepare:
        """A job with these durations in turn; the last one again and again."""
        left = list(durations_s)

        def run() -> None:
            self.log.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return lambda: run


def raced(rounds: int, slice_s: float, **jobs: Callable[[Steps], Prepare]) -> tuple[Timings, str]:
    steps = Steps()
    instruments = Instruments(clock=steps.read, slice_s=slice_s, collect=lambda: None)
    timings = race({name: job(steps) for name, job in jobs.items()}, rounds, instruments)
    return timings, "".join(steps.log)


def test_contestants_take_turns_in_each_round() -> None:
    timings, log = raced(
        2, 1.0, a=lambda steps: steps.job("a", 1.0), b=lambda steps: steps.job("b", 4.0)
    )
    assert log == "aabb" + "abab"
    assert timings == Timings({"a": (1.0, 1.0), "b": (4.0, 4.0)})


def test_a_short_job_is_repeated_until_its_slice_is_full() -> None:
    timings, log = raced(1, 1.0, a=lambda steps: steps.job("a", 0.25))
    assert log == "aa" + "aaaa"
    assert timings == Timings({"a": (0.25,)})


def test_the_first_run_is_not_counted() -> None:
    timings, _ = raced(1, 1.0, a=lambda steps: steps.job("a", 9.0, 1.0))
    assert timings.seconds("a") == 1.0


def test_preparing_is_not_timed() -> None:
    steps = Steps()

    def prepare() -> Run:
        steps.now += 100
        return steps.job("a", 1.0)()

    timings = race(
        {"a": prepare}, 1, Instruments(clock=steps.read, slice_s=1.0, collect=lambda: None)
    )
    assert timings == Timings({"a": (1.0,)})


@pytest.mark.parametrize(
    ("rounds_s", "ratio"),
    [
        ({"a": (6.0,), "b": (2.0,)}, Ratio(median=3.0, low=3.0, high=3.0)),
        ({"a": (2.0, 40.0, 4.0), "b": (1.0, 10.0, 1.0)}, Ratio(median=4.0, low=3.0, high=4.0)),
        ({"a": (1.0, 1.0), "b": (0.0, 0.0)}, Ratio(median=1.0, low=1.0, high=1.0)),
    ],
    ids=["one round", "a slow round slows both", "a base that took no time"],
)
def test_a_ratio_is_the_median_of_the_rounds_own_with_its_quartiles(
    rounds_s: dict[str, tuple[float, ...]], ratio: Ratio
) -> None:
    assert Timings(rounds_s).spread("a", "b") == ratio


def test_the_peak_is_what_the_job_allocates_and_not_its_preparation() -> None:
    def prepare() -> Run:
        kept = bytearray(5_000_000)
        return lambda: len(bytearray(1_000_000)) + len(kept)

    assert 1_000_000 <= allocation_peak(prepare) < 1_100_000
