"""Limits of keys: requests and tokens per minute, calls in flight; refused at once with the time to wait."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Usage
from llm_pure.gateway.client_keys import ClientKey
from llm_pure.gateway.key_limits import UNLIMITED, KeyLimits, KeyPermit
from llm_pure.types.errors import RateLimited
from llm_pure.types.result import Success


def limits_at(times: list[float]) -> tuple[KeyLimits, Callable[[float], None]]:
    return KeyLimits(lambda: times[0]), lambda seconds: times.__setitem__(0, times[0] + seconds)


def test_a_key_without_limits_is_always_admitted() -> None:
    limits = KeyLimits()
    assert limits.acquire(ClientKey(name="k"), b"x" * 10**6) == Success(UNLIMITED)
    limits.release(UNLIMITED, Usage(1, 1))


def test_requests_of_a_minute_are_limited_by_key() -> None:
    limits, pass_time = limits_at([100.0])
    key, other = (
        ClientKey(name="a", requests_per_minute=2),
        ClientKey(name="b", requests_per_minute=2),
    )
    assert limits.acquire(key, b"").unwrap().key == key
    pass_time(10)
    limits.acquire(key, b"").unwrap()
    error = RateLimited(
        message="the key 'a' has too many requests or tokens in a minute. Please try again in 50s.",
        status=429,
        code="rate_limit_exceeded",
        retry_after_s=50.0,
    )
    assert limits.acquire(key, b"").failure() == error
    assert limits.acquire(other, b"").unwrap().key == other
    pass_time(50)
    assert limits.acquire(key, b"").unwrap().key == key


def test_tokens_are_corrected_to_what_the_provider_counted() -> None:
    limits, pass_time = limits_at([0.0])
    key = ClientKey(name="a", tokens_per_minute=100)
    first = limits.acquire(key, b"x" * 200).unwrap()  # 50 tokens by estimate
    assert limits.acquire(key, b"x" * 240).failure().kind == "rate_limited"
    limits.release(first, Usage(10, 20))
    second = limits.acquire(key, b"x" * 240).unwrap()
    limits.release(second)  # the usage is unknown: the estimate stays
    assert limits.acquire(key, b"x" * 50).failure().kind == "rate_limited"
    pass_time(60)
    assert limits.acquire(key, b"x" * 50).unwrap().key == key


def test_calls_in_flight_are_limited_until_they_end() -> None:
    limits, _ = limits_at([0.0])
    key = ClientKey(name="a", max_parallel_requests=2)
    permits = [limits.acquire(key, b"").unwrap() for _ in range(2)]
    error = limits.acquire(key, b"").failure()
    assert (error.kind, error.status) == ("rate_limited", 429)
    assert error.message.endswith("try again in 1s.")
    limits.release(permits[0])
    assert limits.in_flight("a") == 1
    assert limits.acquire(key, b"").unwrap().key == key


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=60))
def test_no_minute_has_more_requests_than_the_limit(steps: list[tuple[bool, float]]) -> None:
    limits, pass_time = limits_at([0.0])
    key = ClientKey(name="a", requests_per_minute=5, max_parallel_requests=3)
    now, admitted, running = 0.0, [], list[KeyPermit]()
    for ends_one, seconds in steps:
        pass_time(seconds)
        now += seconds
        if ends_one and running:
            limits.release(running.pop())
        permit = limits.acquire(key, b"").value_or(None)
        if permit is not None:
            running.append(permit)
            admitted.append(now)
        assert len(running) <= 3
        assert limits.in_flight("a") == len(running)
        assert sum(1 for at in admitted if at > now - 60 + 1e-6) <= 5


def test_a_key_that_is_loaded_again_has_its_new_limit() -> None:
    limits, _ = limits_at([0.0])
    for allowed, count in ((2, 2), (5, 3), (1, 0)):
        key = ClientKey(name="a", requests_per_minute=allowed)
        results = [limits.acquire(key, b"") for _ in range(6)]
        assert sum(isinstance(result, Success) for result in results) == count
