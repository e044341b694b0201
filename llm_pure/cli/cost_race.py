"""`llm-pure cost race`: several processes call a scripted model against one budget; one is killed during a call."""

import random
import tempfile
import time
from argparse import Namespace
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import FINDINGS, OK
from llm_pure.cli.output import out, out_json
from llm_pure.client.budgets import Budget
from llm_pure.client.budgets_sqlite import SqliteBudget, open_ledger
from llm_pure.client.llm import LLM
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import BudgetExceeded
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import error_of

_CONFIG = LLMConfig(api_key="not-sent-anywhere", model="gpt-4o", max_token=1000, stream=False)
_MAX_START_S = 60.0
"""Maximum time until the process that will be killed has its reservation."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a race. The field names are the keys of --json."""

    limit_usd: Decimal
    spent_usd: Decimal
    calls: int
    admitted: int
    refused: int
    """Calls that failed with BudgetExceeded."""
    failed: int
    """Calls that failed otherwise."""
    held_at_kill_usd: Decimal
    """Reserved for the call of the killed process."""
    held_after_usd: Decimal
    """Reserved by all processes after the lease of the killed one."""
    took_s: float

    @property
    def holds(self) -> bool:
        """True if the limit held, every call was admitted or refused, and no reservation is left."""
        return (
            self.spent_usd <= self.limit_usd
            and self.admitted + self.refused == self.calls
            and self.held_at_kill_usd > 0
            and self.held_after_usd == 0
        )


def run(options: Namespace) -> int:
    """Print the outcome; 1 if something did not hold."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = race(
            Path(folder) / "ledger.db", options.limit, options.workers, options.calls, options.lease
        )
    if options.json:
        out_json({**msgspec.to_builtins(outcome), "holds": outcome.holds})
    else:
        out(f"limit {outcome.limit_usd:f} USD, spent {outcome.spent_usd:f} USD")
        out(f"calls {outcome.calls}: admitted {outcome.admitted}, refused {outcome.refused}")
        out(f"killed during a call with {outcome.held_at_kill_usd:f} USD reserved")
        out(f"reserved after its lease: {outcome.held_after_usd:f} USD")
        out("holds" if outcome.holds else "DOES NOT HOLD")
    return OK if outcome.holds else FINDINGS


def race(path: Path, limit_usd: Decimal, workers: int, calls: int, lease_s: float) -> Outcome:
    """Run the race. The killed process starts first; its reservation lasts into the race."""
    began_s = time.monotonic()
    ledger = open_ledger(path, Budget(max_usd=limit_usd)).unwrap()
    processes = get_context("spawn")
    victim = processes.Process(target=_hang, args=(str(path), lease_s))
    victim.start()
    held_usd = _wait_for_reservation(ledger)
    victim.kill()
    victim.join()
    killed_s = time.monotonic()
    shares = [calls // workers + (index < calls % workers) for index in range(workers)]
    with processes.Pool(workers) as pool:
        counts = pool.starmap(
            _work, [(str(path), share, seed) for seed, share in enumerate(shares)]
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
        held_at_kill_usd=held_usd,
        held_after_usd=after.reserved_usd,
        took_s=round(time.monotonic() - began_s, 2),
    )


def _wait_for_reservation(ledger: SqliteBudget) -> Decimal:
    """Return the reserved USD as soon as there are some, 0 after a minute."""
    ends_s = time.monotonic() + _MAX_START_S
    while time.monotonic() < ends_s:
        reserved_usd = ledger.ledger().reserved_usd
        if reserved_usd:
            return reserved_usd
        time.sleep(0.02)
    return Decimal(0)


def _hang(path: str, lease_s: float) -> None:
    """Make a call that never ends, in a process that will be killed."""
    budget = open_ledger(path, lease_s=lease_s).unwrap()
    transport = ScriptedTransport(lambda request: ScriptedResponse(delay_s=3600))
    with LLM(_CONFIG, transport, retry=NO_RETRY, budget=budget) as llm:
        llm.completion("a call that is killed", timeout_s=3600)


def _work(path: str, calls: int, seed: int) -> tuple[int, int, int]:
    """Make calls; return how many were admitted, refused by the budget, and failed otherwise."""
    rng = random.Random(seed)
    budget = open_ledger(path).unwrap()

    def respond(request: HttpRequest) -> ScriptedResponse:
        time.sleep(rng.uniform(0, 0.01))
        usage = {"prompt_tokens": 12, "completion_tokens": rng.randint(100, 1000)}
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": "ok"}}
        body = {"id": "1", "model": "gpt-4o", "choices": [choice], "usage": usage}
        headers = (("content-type", "application/json"),)
        return ScriptedResponse(headers=headers, chunks=(msgspec.json.encode(body),))

    with LLM(_CONFIG, ScriptedTransport(respond), retry=NO_RETRY, budget=budget) as llm:
        results = [llm.completion("how are you?") for _ in range(calls)]
    errors = [error for error in map(error_of, results) if error is not None]
    refused = sum(isinstance(error, BudgetExceeded) for error in errors)
    return calls - len(errors), refused, len(errors) - refused
