"""No request breaks a gateway: whatever comes is answered, in the client's form, and nothing stays open."""

import asyncio
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.types.errors import ServerError
from tests.support import gateway_fuzz
from tests.support.asgi import Request
from tests.support.gateways import BODIES, TWO, Running, hello, streamed
from tests.support.laws import examples

RUNNING = Running(TWO, hello)
PATHS = sorted({path for dialect in BODIES for path in (BODIES[dialect][0], streamed(dialect)[0])})

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
fields = st.sampled_from([
    "model", "messages", "stream", "tools", "input", "contents", "system", "max_tokens", "stream_options", "tool_choice", "metadata",
    "generationConfig", "thinking", "reasoning", "response_format", "options", "think", "store", "n",
])  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A good body with some fields replaced, or any bytes."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=60))
    dialect = draw(st.sampled_from(sorted(BODIES)))
    body: dict[str, Any] = dict(draw(st.sampled_from([BODIES[dialect][1], streamed(dialect)[1]])))
    body |= draw(st.dictionaries(fields, values, max_size=3))
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, UnicodeEncodeError):
        return b"{}"


def answer_to(method: str, path: str, body: bytes, headers: Any = None) -> Any:
    answer = asyncio.run(Request(RUNNING.application, method, path, body, headers or {}).run())
    assert answer.complete
    assert (RUNNING.upstream.open, RUNNING.application.active) == (0, 0)
    RUNNING.records.clear()
    RUNNING.upstream.requests.clear()
    return answer


@given(st.sampled_from(PATHS), bodies())
@examples(60)
def test_any_body_is_answered_and_no_fault_of_the_client_is_a_500(path: str, body: bytes) -> None:
    answer = answer_to("POST", path, body)
    assert 200 <= answer.status < 500, (answer.status, answer.body)


@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    st.text(max_size=30),
    st.lists(
        st.tuples(
            st.sampled_from([b"host", b"origin", b"content-length", b"transfer-encoding", b"upgrade", b"content-encoding", b"x-a"]),
            st.sampled_from([b"localhost", b"127.0.0.1", b"chunked", b"3", b"gzip", b"websocket", b"null", b"", b"\xff"]),
        ),
        max_size=4,
    ),
)  # fmt: skip
@examples(60)
def test_any_head_is_answered(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> None:
    answer = answer_to(method, f"/{path}", b"abc", headers)
    assert 200 <= answer.status < 500, (answer.status, answer.body)


def test_the_first_cases_of_the_fuzz_have_no_problem() -> None:
    assert gateway_fuzz.run(20261130, 100) == {}


def test_a_case_is_the_same_each_time_and_a_problem_is_found() -> None:
    assert gateway_fuzz.case(1, 2) == gateway_fuzz.case(1, 2) != gateway_fuzz.case(1, 3)
    broken = Running(TWO, lambda request: ServerError(message="broken", status=500))
    problems = [gateway_fuzz.problem_of(broken, *gateway_fuzz.case(1, n)) for n in range(10)]
    assert any(problem.startswith("500: ") for problem in problems)
