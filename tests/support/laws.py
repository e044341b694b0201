"""How many examples Hypothesis makes for a law, and from which seeds: the one place that decides.

`make test` makes the same examples each time, so that its verdict depends on the code alone. `make laws` makes ten times as
many, others in each run, and keeps those that failed in .hypothesis/.
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import seed, settings

_Law = TypeVar("_Law", bound=Callable[..., Any])
_COUNT = 100
"""Examples of a law that does not say how many."""

LAWS = int(os.environ.get("LAWS", "10"))
"""`make laws` makes this many times the examples of `make test`."""


def register_profiles() -> None:
    """Register "suite" and "laws", and load "suite"; `pytest --hypothesis-profile=laws` loads the other one."""
    # no deadline: a busy machine is no fault of the code
    settings.register_profile("suite", max_examples=_COUNT, deadline=None, derandomize=True)
    settings.register_profile(
        "laws", max_examples=_COUNT * LAWS, deadline=None, derandomize=False, print_blob=True
    )
    settings.load_profile("suite")


def examples(count: int, **others: Any) -> settings:
    """Settings of a law with `count` examples in `make test`, and as many times more as the profile has."""
    return settings(max_examples=count * settings().max_examples // _COUNT, **others)


def shard(number: int) -> Callable[[_Law], _Law]:
    """Examples of their own for one part of a law that runs in several; in `make laws` they are random anyway."""
    return seed(number) if settings().derandomize else lambda law: law
