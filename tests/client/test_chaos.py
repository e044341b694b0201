"""Calls to a service that fails half of its requests: each ends in one answer, and none is asked for again after it.

What becomes of the k-th request of a question is settled before, so that the number of requests is too. The same at
random, a thousand calls at a time: `python -m tests.support.chaos`.
"""

import json
import random
import re
import sqlite3
from collections import Counter
from decimal import Decimal
from pathlib import Path
from threading import Event, Lock, Thread

from llm_pure import LLMConfig
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.policy.retry import RetryPolicy
from tests.support.carriers import every_kind
from tests.support.chaos import Tally, answer, ask_all
from tests.support.loopback import Connection, Loopback, chunked, response

CALLS = 40
EAGER = RetryPolicy(max_attempts=20, initial_backoff_s=0.001, max_backoff_s=0.01)
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
_NUMBER = re.compile(rb"<(\d+)>")


def fate(number: int, attempt: int) -> str:
    """What becomes of this request of this question."""
    chance = random.Random(number * 1000 + attempt).random()
    fates = ("dropped", "limited", "reset", "cut", "cut short", "answered")
    return fates[min(int(chance * 10), 5)]


def expected_requests(number: int) -> int:
    """How many it takes until one is answered."""
    attempt = 1
    while fate(number, attempt) != "answered":
        attempt += 1
    return attempt


class Service:
    """The behaviour of each connection; seen: requests of each question."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()
        self._lock = Lock()

    def __call__(self, connection: Connection) -> None:
        while request := connection.read_request():
            found = _NUMBER.search(request)
            assert found is not None
            number = int(found[1])
            with self._lock:
                self.seen[number] += 1
                attempt = self.seen[number]
            whole = _answer(number, b'"stream":true' in request)
            match fate(number, attempt):
                case "dropped":
                    connection.send(response(b'{"error": {"message": "no"}}', status=500))
                case "limited":
                    told = (("retry-after", "0"),)
                    connection.send(response(b"{}", status=429, headers=told))
                case "reset":
                    connection.reset()
                    return
                case "cut":
                    connection.send(whole[: len(whole) // 4])
                    return
                case "cut short":
                    connection.send(whole[:-30])  # before the end that the answer has of its own
                    return
                case _:
                    connection.send(whole)


def _answer(number: int, stream: bool) -> bytes:
    text = answer(number)
    if not stream:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = json.dumps({"model": "m", "choices": [choice], "usage": USAGE}).encode()
        return response(body, headers=(("content-type", "application/json"),))
    pieces = [text[start : start + 5] for start in range(0, len(text), 5)]
    events = [
        *[{"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in pieces],
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    frames = [
        b"data: %s\n\n" % json.dumps({"model": "m", "choices": [event], "usage": USAGE}).encode()
        for event in events
    ]
    return chunked(*frames, b"data: [DONE]\n\n")


@every_kind
def test_every_call_ends_in_its_own_answer_and_no_request_is_sent_after_it(kind: str) -> None:
    service = Service()
    with Loopback(service) as server:
        config = LLMConfig(api_key="sk-chaos-0123456789", model="m", base_url=f"{server.url}/v1")
        seen = ask_all(kind, config, CALLS, EAGER)
        assert server.wait_until_left()
    assert seen == Tally(calls=CALLS, answered=CALLS, failed={})
    assert service.seen == {number: expected_requests(number) for number in range(CALLS)}
    assert sum(service.seen.values()) > 1.5 * CALLS


def lock_now_and_then(path: Path, stop: Event) -> None:
    """Another process works with the ledger, and makes the others wait."""
    other = sqlite3.connect(path, isolation_level=None)
    while not stop.wait(0.01):
        other.execute("begin immediate")
        stop.wait(0.03)
        other.execute("commit")
    other.close()


@every_kind
def test_every_answer_is_paid_once_into_a_ledger_that_others_lock(
    kind: str, tmp_path: Path
) -> None:
    service, stop = Service(), Event()
    ledger = open_ledger(tmp_path / "ledger.db", Budget(max_usd=Decimal(1000))).unwrap()
    locking = Thread(target=lock_now_and_then, args=(tmp_path / "ledger.db", stop))
    locking.start()
    try:
        with Loopback(service) as server:
            config = LLMConfig(
                api_key="sk-chaos-0123456789", model="m", base_url=f"{server.url}/v1", max_token=10
            )
            prices = {"m": {"input": 1, "output": 1}}
            seen = ask_all(kind, config, CALLS, EAGER, budget=ledger, prices=prices)
            assert server.wait_until_left()
    finally:
        stop.set()
        locking.join()
    assert seen == Tally(calls=CALLS, answered=CALLS, failed={})
    settled = ledger.ledger()
    assert settled.reserved == {}
    complete = [call for call in ledger.calls() if not call.usage.estimated]
    assert len(complete) == CALLS  # beside them, estimates of streams that were cut
    assert {call.usage.total_tokens for call in complete} == {2}
