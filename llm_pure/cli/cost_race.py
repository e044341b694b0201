"""`llm-pure cost race`: many processes, one budget, nothing sent; one of them is killed in mid-call."""

import random
import tempfile
import time
from argparse import Namespace
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import OK
from llm_pure.cli.output import out
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_sqlite import SqliteBudget, open_ledger
from llm_pure.client.llm import LLM
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import BudgetExceeded
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure

_CONFIG = LLMConfig(api_key="not-sent-anywhere", model="gpt-4o", max_token=1000, stream=False)
_START_S = 60.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """limit_usd, spent_usd: of the ledger. admitted, refused, failed: calls of the workers. held_at_kill_usd: for the call
    of the killed process; held_after_usd: of everybody, after its lease.
    """

    limit_usd: Decimal
    spent_usd: Decimal
    calls: int
    admitted: int
    refused: int
    failed: int
    held_at_kill_usd: Decimal
    held_after_usd: Decimal
    took_s: float

    @property
    def holds(self) -> bool:
        """Is everything as it should be?"""
        return (
            self.spent_usd <= self.limit_usd
            and self.admitted + self.refused == self.calls
            and self.held_at_kill_usd > 0
            and self.held_after_usd == 0
        )


def run(options: Namespace) -> int:
    """Race, and tell; 1 when something did not hold."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = race(
            Path(folder) / "ledger.db", options.limit, options.workers, options.calls, options.lease
        )
    if options.json:
        out(msgspec.json.encode({**msgspec.to_builtins(outcome), "holds": outcome.holds}).decode())
    else:
        out(f"limit {outcome.limit_usd:f} USD, spent {outcome.spent_usd:f} USD")
        out(f"calls {outcome.calls}: admitted {outcome.admitted}, refused {outcome.refused}")
        out(f"killed in mid-call with {outcome.held_at_kill_usd:f} USD held")
        out(f"held after its lease: {outcome.held_after_usd:f} USD")
        out("holds" if outcome.holds else "DOES NOT HOLD")
    return OK if outcome.holds else 1


def race(path: Path, limit_usd: Decimal, workers: int, calls: int, lease_s: float) -> Outcome:
    """Every process opens the ledger for itself. The killed process comes first; its hold lasts into the race."""
    began_s = time.monotonic()
    ledger = open_ledger(path, Budget(max_usd=limit_usd)).unwrap()
    processes = get_context("spawn")
    victim = processes.Process(target=_hang, args=(str(path), lease_s))
    victim.start()
    held = _wait_for_hold(ledger)
    victim.kill()
    victim.join()
    killed_s = time.monotonic()
    shares = [calls // workers + (place < calls % workers) for place in range(workers)]
    with processes.Pool(workers) as pool:
        counts = pool.starmap(
            _work, [(str(path), share, place) for place, share in enumerate(shares)]
        )
    time.sleep(max(0.0, killed_s + lease_s - time.monotonic()))
    after = ledger.ledger()
    return Outcome(
        limit_usd=limit_usd,
        spent_usd=after.totals.cost_usd,
        calls=calls,
        admitted=sum(count[0] for count in counts),
        refused=sum(count[1] for count in counts),
        failed=sum(count[2] for count in counts),
        held_at_kill_usd=held,
        held_after_usd=after.reserved_usd,
        took_s=round(time.monotonic() - began_s, 2),
    )


def _wait_for_hold(ledger: SqliteBudget) -> Decimal:
    ends_s = time.monotonic() + _START_S
    while time.monotonic() < ends_s:
        held = ledger.ledger().reserved_usd
        if held:
            return held
        time.sleep(0.02)
    return Decimal(0)


def _hang(path: str, lease_s: float) -> None:
    """A call that never ends, in a process that will be killed."""
    account = open_ledger(path, lease_s=lease_s).unwrap()
    transport = ScriptedTransport(lambda request: ScriptedResponse(delay_s=3600))
    with LLM(_CONFIG, transport, retry=NO_RETRY, budget=account) as llm:
        llm.completion("a call that is killed", timeout_s=3600)


def _work(path: str, calls: int, seed: int) -> tuple[int, int, int]:
    """(admitted, refused, failed otherwise)."""
    chance = random.Random(seed)
    account = open_ledger(path).unwrap()

    def answer(request: HttpRequest) -> ScriptedResponse:
        time.sleep(chance.uniform(0, 0.01))
        usage = {"prompt_tokens": 12, "completion_tokens": chance.randint(100, 1000)}
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": "ok"}}
        body = {"id": "1", "model": "gpt-4o", "choices": [choice], "usage": usage}
        headers = (("content-type", "application/json"),)
        return ScriptedResponse(headers=headers, chunks=(msgspec.json.encode(body),))

    counts = [0, 0, 0]
    with LLM(_CONFIG, ScriptedTransport(answer), retry=NO_RETRY, budget=account) as llm:
        for _ in range(calls):
            got = llm.completion("how are you?")
            if not isinstance(got, Failure):
                counts[0] += 1
            elif isinstance(got.failure(), BudgetExceeded):
                counts[1] += 1
            else:
                counts[2] += 1
    return counts[0], counts[1], counts[2]
