"""How many examples Hypothesis makes for a law, and from which seeds: the one place that decides.

`make test` makes the same examples each time, so that its verdict depends on the code alone. `make laws` makes ten times as
many, others in each run, and keeps those that failed in .hypothesis/.
"""

import os
import zlib
from collections.abc import Callable
from functools import cache, wraps
from inspect import signature
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

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


def same_examples(
    count: int, **strategies: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As `@examples(count)` and `@given(**strategies)`, for a law with a row for each provider or dialect.

    `make test` makes the examples of a law from one seed, so that each row has the same ones; here they are made once in a
    process, which takes most of the time. The law must not change them, nor draw or assume. Where it fails, Hypothesis
    shrinks the example as ever.
    """

    def decorate(law: Callable[..., None]) -> Callable[..., None]:
        own = seed(zlib.crc32(f"{law.__module__}.{law.__qualname__}".encode()))
        shrinking = examples(count)(given(**strategies)(law))
        if not settings().derandomize:
            return shrinking

        @cache
        def generate_once() -> list[dict[str, Any]]:
            values: list[dict[str, Any]] = []

            @own
            @examples(count, suppress_health_check=list(HealthCheck))
            @given(**strategies)
            def collect(**example: Any) -> None:
                values.append(example)

            collect()
            return values

        @wraps(law)
        def each(**row: Any) -> None:
            for example in generate_once():
                try:
                    law(**row, **example)
                except BaseException as error:
                    own(shrinking)(**row)
                    error.add_note(f"with {example!r}")
                    raise

        parameters = signature(law).parameters.values()
        each.__signature__ = signature(law).replace(  # type: ignore[attr-defined]
            parameters=[one for one in parameters if one.name not in strategies]
        )
        marked: Callable[..., None] = pytest.mark.hypothesis(each)
        return marked

    return decorate
