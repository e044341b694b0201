"""What goes wrong with a ledger: no answer is lost for it, no loop stands still, no call takes longer than it may."""

import logging
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import anyio
import msgspec
import pytest

from llm_pure import LLMConfig
from llm_pure.client import LLM, budgets_sqlite
from llm_pure.client.budgets import Budget, InMemoryBudget, PerCallLimit
from llm_pure.client.budgets_sqlite import SqliteBudget, open_ledger
from llm_pure.client.ledger_tables import MAX_PICO
from llm_pure.policy.retry import NO_RETRY
from llm_pure.pricing.ledger import Call, Cost, Ledger
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import BudgetExceeded, InvalidConfiguration, LLMError, TimedOut
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import every_loop, run
from tests.support.twins import KINDS, called, every_kind, streamed

CONFIG = LLMConfig(api_key="k", model="gpt-4o", max_token=100, stream=False)
PRICES = {"gpt-4o": {"input": 10, "output": 100}}
JSON = (("content-type", "application/json"),)
DOLLAR = Budget(max_usd=Decimal(1))
COST = Decimal("0.0021")
"""Of one answer."""

Fault = Callable[[Path], Any]
"""A context in which the file at this path is broken."""


def answer(usage: dict[str, Any] | None = None) -> ScriptedResponse:
    usage = usage or {"prompt_tokens": 10, "completion_tokens": 20}
    message = {"role": "assistant", "content": "ok"}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    body = {"id": "1", "model": "gpt-4o", "choices": [choice], "usage": usage}
    return ScriptedResponse(headers=JSON, chunks=(msgspec.json.encode(body),))


def client(budget: Any, respond: Any = None, **more: Any) -> tuple[LLM, ScriptedTransport]:
    transport = ScriptedTransport(respond or (lambda _: answer()))
    options = {"retry": NO_RETRY, "prices": PRICES, **more}
    return LLM(CONFIG, transport, budget=budget, **options), transport


# faults


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.execute("rollback")
        other.close()


@contextmanager
def full(path: Path) -> Iterator[None]:
    """No file may grow beyond one byte."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def removed(path: Path) -> Iterator[None]:
    """All its files are elsewhere meanwhile."""
    moved = [
        (file, file.with_name(f"kept {file.name}"))
        for file in path.parent.iterdir()
        if file.name.startswith(path.name)
    ]
    for file, kept in moved:
        file.rename(kept)
    try:
        yield
    finally:
        for file, kept in moved:
            kept.rename(file)


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Something else is in its place meanwhile."""
    with removed(path):
        path.write_bytes(b"no database at all " * 1000)
        yield
        path.unlink()


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Its header says that a newer SQLite wrote it, which this one may only read."""
    with removed(path):
        data = bytearray(path.with_name(f"kept {path.name}").read_bytes())
        data[18], data[19] = 3, 1
        path.write_bytes(data)
        yield
        path.unlink()


def changed(*statements: str, back: tuple[str, ...]) -> Fault:
    @contextmanager
    def fault(path: Path) -> Iterator[None]:
        def change(commands: tuple[str, ...]) -> None:
            other = sqlite3.connect(path)
            for command in commands:
                other.execute(command)
            other.commit()
            other.close()

        change(statements)
        try:
            yield
        finally:
            change(back)

    return fault


FAULTS: dict[str, Fault] = {
    "locked": locked,
    "full": full,
    "removed": removed,
    "damaged": damaged,
    "read-only": read_only,
    "without its holds": changed(
        "alter table holds rename to kept", back=("alter table kept rename to holds",)
    ),
    "without its budget": changed(
        "alter table budget rename to kept", back=("alter table kept rename to budget",)
    ),
    "with an empty budget": changed(
        "create table kept as select * from budget", "delete from budget",
        back=("insert into budget select * from kept", "drop table kept"),
    ),
    "with text for an amount": changed(
        "create table kept as select * from budget", "update budget set spent_pico = 'all'",
        back=("update budget set spent_pico = (select spent_pico from kept)", "drop table kept"),
    ),
}  # fmt: skip
every_fault = pytest.mark.parametrize("name", FAULTS)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked file is given up sooner."""
    monkeypatch.setattr(budgets_sqlite, "_SETTLE_S", 0.1)


@every_fault
@every_kind
def test_a_reservation_that_is_impossible_is_a_failure_in_time_and_nothing_is_sent(
    kind: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    llm, transport = client(open_ledger(path, DOLLAR).unwrap())
    assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
    with FAULTS[name](path):
        began = monotonic()
        error = called(kind, llm, "completion", "hi", timeout_s=0.4).failure()
        assert monotonic() - began < 20  # a minute without the time limit
    expected = TimedOut if name == "locked" else InvalidConfiguration
    assert type(error) is expected
    assert (error.phase if isinstance(error, TimedOut) else error.field) == "budget"
    assert not error.retryable
    assert len(transport.requests) == 1
    assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
    ledger = llm.get_costs()
    assert (ledger.totals.cost_usd, ledger.reserved) == (2 * COST, {})


@every_fault
@pytest.mark.parametrize("how", ["whole", "streamed"])
@every_kind
def test_an_answer_is_never_lost_and_its_cost_is_written_when_the_file_is_good_again(
    kind: str, how: str, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, errors = tmp_path / "ledger.db", list[LLMError]()
    budget = Budget(max_usd=Decimal(1), on_error=errors.append)
    with ExitStack() as broken:

        def respond(request: HttpRequest) -> ScriptedResponse:
            broken.enter_context(FAULTS[name](path))
            return answer()

        llm, _ = client(open_ledger(path, budget).unwrap(), respond)
        caplog.set_level(logging.WARNING, "llm_pure")
        if how == "whole":
            result = called(kind, llm, "completion", "hi", timeout_s=3)
        else:
            _, result = streamed(kind, llm, "hi")
        assert result.unwrap().text == "ok"
        assert llm.get_costs().totals.cost_usd == COST  # told although it is not written
        wait_until(lambda: bool(errors))  # a thread of the budget tells it
        assert [error.kind for error in errors] == [
            "timeout" if name == "locked" else "configuration"
        ]
        assert "costs of 1 calls are kept in memory" in caplog.text
    end = monotonic() + 10
    while written(path) != [COST] and monotonic() < end:
        threading.Event().wait(0.05)
    assert written(path) == [COST]
    ledger = llm.get_costs()
    assert (ledger.totals.calls, ledger.totals.cost_usd, ledger.reserved) == (1, COST, {})


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = monotonic() + seconds
    while not holds() and monotonic() < end:
        threading.Event().wait(0.05)


def written(path: Path) -> list[Decimal]:
    """The costs in the file, as another process sees them."""
    with suppress(sqlite3.Error):
        other = sqlite3.connect(path)
        try:
            rows = other.execute("select call from calls").fetchall()
        finally:
            other.close()
        calls = [msgspec.msgpack.decode(row[0], type=Call) for row in rows]
        return [call.cost.total_usd for call in calls if call.cost is not None]
    return []


@every_loop
def test_a_locked_ledger_does_not_stop_the_event_loop(loop: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    llm, _ = client(open_ledger(path, DOLLAR).unwrap())
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            began = monotonic()
            await anyio.sleep(0.01)
            gaps.append(monotonic() - began)

    results: list[LLMResult[Any]] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            await llm.acompletion("hi")  # loads what it needs
            tasks.start_soon(watch)
            with locked(path):
                results.append(await llm.acompletion("hi", timeout_s=2))
            tasks.cancel_scope.cancel()

    run(loop, main)
    assert isinstance(results[0].failure(), TimedOut)
    assert len(gaps) > 10
    assert max(gaps) < 1.5  # 2 s, if the loop waited for the file


@pytest.mark.parametrize("loop", [kind for kind in KINDS if kind != "sync"])
def test_a_call_cancelled_while_it_waits_for_a_reservation_reserves_nothing(
    loop: str, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    llm, transport = client(open_ledger(path, DOLLAR).unwrap())

    async def main() -> None:
        with locked(path), anyio.move_on_after(0.1) as scope:
            await llm.acompletion("hi")
        assert scope.cancelled_caught

    run(loop, main)
    assert transport.requests == []
    end = monotonic() + 5
    while llm.get_costs().reserved and monotonic() < end:
        threading.Event().wait(0.02)
    assert llm.get_costs() == Ledger(max_usd=Decimal(1))


def test_costs_are_read_while_reservations_wait_for_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path, DOLLAR).unwrap()
    results: list[LLMResult[str]] = []
    with locked(path):
        waiting = [
            threading.Thread(target=lambda: results.append(ledger.reserve(Decimal("0.1"), 60)))
            for _ in range(5)
        ]
        for thread in waiting:
            thread.start()
        threading.Event().wait(0.3)
        began = monotonic()
        assert ledger.ledger().reserved == {}
        assert monotonic() - began < 20
    for thread in waiting:
        thread.join()
    assert ledger.ledger().reserved_usd == Decimal("0.5")


AT_EXIT = """
import sqlite3, sys, threading
from decimal import Decimal
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.pricing.ledger import Call, Cost
import llm_pure.client.budgets_sqlite as module
module._SETTLE_S = 0.05
ledger = open_ledger(sys.argv[1]).unwrap()
other = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
other.execute("begin immediate")
ledger.settle("", Call(model="m", cost=Cost(total_usd=Decimal("0.5"))))
assert module._stores and list(ledger._unsettled)
timer = threading.Timer(0.5, other.close)
timer.daemon = True  # the end of the program does not wait for it
timer.start()
"""


def test_the_end_of_a_program_writes_what_is_not_written_yet(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(path)],
        check=False, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert written(path) == [Decimal("0.5")]


HOSTILE = {
    "10**18 tokens": {"prompt_tokens": 10**18, "completion_tokens": 10**18},
    "2**63 tokens": {"prompt_tokens": 2**63, "completion_tokens": 1},
    "2**64 tokens": {"prompt_tokens": 2**64, "completion_tokens": 1},
    "10**400 tokens": {"prompt_tokens": 10**400, "completion_tokens": 10**400},
    "negative tokens": {"prompt_tokens": -(10**18), "completion_tokens": -1},
}


@pytest.mark.parametrize("name", HOSTILE)
@every_kind
def test_hostile_usage_figures_are_bounded(kind: str, name: str, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db").unwrap()
    for budget in (ledger, None):
        llm, _ = client(budget, lambda _: answer(HOSTILE[name]))
        assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
        totals = llm.get_costs().totals
        assert totals.calls == 1
        assert totals.cost_usd >= 0
        assert totals.input_tokens >= 0
        assert totals.output_tokens >= 0
    assert len(ledger.calls()) == 1


@every_kind
def test_hostile_costs_of_a_service_are_bounded(kind: str, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db", Budget(max_usd=Decimal(10))).unwrap()
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 1e300}
    transport = ScriptedTransport(lambda _: answer(usage))
    config = msgspec.structs.replace(CONFIG, api_type="openrouter", model="gpt-4o")
    llm = LLM(config, transport, budget=ledger, prices=PRICES, retry=NO_RETRY)
    for calls in (1, 2):
        assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
        totals = llm.get_costs().totals
        assert (totals.calls, totals.cost_usd < 1) == (calls, True)


def test_sums_stay_below_the_largest_integer_of_sqlite(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db", Budget(max_usd=Decimal("1e30"))).unwrap()
    for usd in ("1e30", "Infinity", "9000000", "9000000"):
        ledger.settle("", Call(model="m", cost=Cost(total_usd=Decimal(usd))))
        ledger.reserve(Decimal("1e30"))
    db = sqlite3.connect(tmp_path / "ledger.db")
    assert db.execute("select spent_pico, typeof(spent_pico) from budget").fetchall() == [
        (MAX_PICO, "integer")
    ]
    db.close()
    assert len(ledger.calls()) == 4


@pytest.mark.parametrize("row", [b"", b"\xff\xff", "text", None, 5, b"\x91\x01"])
def test_a_bad_row_does_not_end_the_costs(
    row: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.db"
    llm, _ = client(open_ledger(path, DOLLAR).unwrap())
    llm.completion("hi").unwrap()
    db = sqlite3.connect(path)
    db.execute("alter table calls rename to kept")
    db.execute("create table calls (id integer primary key, at_s real, call blob)")
    db.execute("insert into calls select * from kept")
    db.execute("insert into calls (at_s, call) values (?, ?)", ("yesterday", row))
    db.commit()
    db.close()
    llm.completion("hi").unwrap()
    assert llm.get_costs().totals.cost_usd == 2 * COST
    assert "has 1 damaged rows" in caplog.text


def test_a_call_with_a_time_that_is_none_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path).unwrap()
    ledger.settle("", Call(model="m"))
    db = sqlite3.connect(path)
    db.execute("update calls set at_s = 1e300")
    db.commit()
    db.close()
    assert ledger.calls() == []


@pytest.mark.parametrize("jump_s", [10**9, -(10**9)])
def test_a_step_of_the_clock_ends_no_hold(
    jump_s: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path, DOLLAR).unwrap()
    ledger.reserve(Decimal(1)).unwrap()
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr("time.time", lambda: now + jump_s)
    for store in (ledger, open_ledger(path).unwrap()):
        assert isinstance(store.reserve(Decimal("0.1")).failure(), BudgetExceeded)
        assert store.ledger().reserved_usd == 1


def test_a_file_of_an_earlier_version_gets_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    db = sqlite3.connect(path)
    db.execute("create table budget (id integer primary key, max_pico integer, spent_pico integer)")
    db.execute("insert into budget values (1, 1000000000000, 0)")
    db.execute("create table holds (name text primary key, pico integer, until_s real, process integer)")  # fmt: skip
    db.execute("insert into holds values ('old', 500000000000, 9e9, 1), ('dead', 1, 5, 1)")
    db.commit()
    db.close()
    ledger = open_ledger(path).unwrap()
    assert ledger.ledger().reserved == {"old": Decimal("0.5")}
    assert isinstance(ledger.reserve(Decimal("0.6")).failure(), BudgetExceeded)
    ledger.reserve(Decimal("0.5")).unwrap()


NO_AMOUNTS: list[Any] = [
    float("nan"), float("inf"), float("-inf"), -1, -0.5, "", "five", "5,00", "NaN", "-1", "Infinity",
    Decimal("NaN"), Decimal("sNaN"), Decimal(-1), Decimal("Infinity"), True, [],
]  # fmt: skip


@pytest.mark.parametrize("amount", NO_AMOUNTS, ids=repr)
def test_an_amount_that_is_none_is_refused(amount: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_usd must be a number of at least 0, not"):
        Budget(max_usd=amount)
    with pytest.raises(ValueError, match="alert_threshold must be a number of at least 0, not"):
        Budget(alert_threshold=amount)
    with pytest.raises(ValueError, match="max_usd must be a number of at least 0, not"):
        PerCallLimit(InMemoryBudget(), amount)
    llm, transport = client(amount)
    for kind in KINDS:
        error = called(kind, llm, "completion", "hi").failure()
        assert isinstance(error, InvalidConfiguration)
        assert error.field == "budget"
        assert error.message.startswith("budget must be a number of at least 0, not ")
    assert transport.requests == []


@pytest.mark.parametrize("field", ["max_budget", "alert_threshold"])
@pytest.mark.parametrize("value", ["-1", ".nan", ".inf", "five"])
def test_an_amount_of_a_file_that_is_none_is_refused(
    value: str, field: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        f"llm: {{api_type: openai, api_key: k, model: m}}\ncost_control: {{{field}: {value}}}\n"
    )
    error = LLM.from_config(source=str(file)).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == f"cost_control/{field}"


def test_an_amount_may_be_a_number_or_a_text() -> None:
    for amount in (5, 5.0, "5", Decimal(5)):
        budget = Budget(max_usd=amount)  # type: ignore[arg-type]
        assert budget.max_usd == 5
        assert type(budget.max_usd) is Decimal


class Broken(InMemoryBudget):
    """A store of the user's that fails where it is told to."""

    failing = frozenset({"reserve", "settle", "release"})

    def reserve(self, usd: Decimal) -> LLMResult[str]:
        if "reserve" in self.failing:
            raise RuntimeError("no connection to the store")
        return super().reserve(usd)

    def settle(self, name: str, call: Call) -> None:
        if "settle" in self.failing:
            raise RuntimeError("no connection to the store")
        super().settle(name, call)

    def release(self, name: str) -> None:
        if "release" in self.failing:
            raise RuntimeError("no connection to the store")
        super().release(name)


@every_kind
def test_a_store_that_raises_loses_no_answer(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Broken(DOLLAR)
    llm, transport = client(store)
    error = called(kind, llm, "completion", "hi").failure()
    assert isinstance(error, InvalidConfiguration)
    assert "no connection to the store" in error.message
    assert transport.requests == []
    store.failing = frozenset({"settle", "release"})
    assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
    assert "the budget store did not take a cost" in caplog.text
    store.failing = frozenset()
    assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
    assert (llm.get_costs().totals.calls, llm.get_costs().reserved) == (2, {})


@pytest.mark.parametrize("stored", ["memory", "sqlite"])
@every_kind
def test_an_alert_that_raises_loses_no_answer(
    kind: str, stored: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def listen(ledger: Ledger) -> None:
        raise RuntimeError("a bug of the listener")

    budget = Budget(max_usd=Decimal("0.02"), alert_threshold=0.1, on_alert=listen)
    store = InMemoryBudget(budget) if stored == "memory" else open_ledger(tmp_path / "l.db", budget).unwrap()  # fmt: skip
    llm, _ = client(store)
    assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
    assert "a bug of the listener" in caplog.text
    assert llm.get_costs().totals.cost_usd == COST


def test_an_alert_may_look_at_the_ledger(tmp_path: Path) -> None:
    seen: list[Decimal] = []
    stores: list[SqliteBudget] = []
    budget = Budget(
        max_usd=Decimal("0.02"),
        alert_threshold=0.1,
        on_alert=lambda _: seen.append(stores[0].ledger().totals.cost_usd),
    )
    stores.append(open_ledger(tmp_path / "ledger.db", budget).unwrap())
    llm, _ = client(stores[0])
    llm.completion("hi").unwrap()
    assert seen == [COST]


@pytest.mark.parametrize("path", ["a\0b", "", "/dev/null/ledger.db"])
def test_a_path_that_no_file_can_have_is_an_error_value(path: str) -> None:
    assert isinstance(open_ledger(path).failure(), InvalidConfiguration)


def test_a_ledger_opened_while_it_is_locked_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    open_ledger(path, DOLLAR).unwrap()
    with ExitStack() as stack:
        stack.enter_context(locked(path))
        timer = threading.Timer(0.2, stack.close)
        timer.start()
        assert isinstance(open_ledger(path, DOLLAR), Success)
        timer.join()


@every_kind
def test_a_limit_for_each_call_works_over_a_ledger_too(kind: str, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db", DOLLAR).unwrap()
    llm, transport = client(PerCallLimit(ledger, Decimal("0.5")))
    assert called(kind, llm, "completion", "hi").unwrap().text == "ok"
    tight, _ = client(PerCallLimit(ledger, Decimal("0.001")))
    result = called(kind, tight, "completion", "hi")
    assert isinstance(result, Failure)
    assert isinstance(result.failure(), BudgetExceeded)
    assert len(transport.requests) == 1
    assert ledger.ledger().totals.cost_usd == COST
