"""Tables of a ledger in SQL that SQLite and PostgreSQL both run: reservations with leases, settled calls, totals, accounts.

Money is stored as integers of pico-dollars, rounded up, so that a database can add it. Each function is the body of one transaction,
which the caller begins, so that two processes never reserve the same dollar.

A value of a row that nobody can use raises ValueError.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, Protocol, cast
from uuid import uuid4

import msgspec

from llm_pure.pricing import ledger as pure
from llm_pure.pricing.accounts import Account, AccountSpending, account_error, current
from llm_pure.pricing.ledger import ZERO, Call, Cost
from llm_pure.types.completion import Usage
from llm_pure.types.errors import BudgetExceeded
from llm_pure.types.result import Failure, LLMResult, Success

MAX_PICO = 2**63 - 1
"""The largest integer of both databases: 9.2 million dollars. Larger amounts and sums are stored as this one."""

_PICO = Decimal(10) ** 12
_LEASED = """
((boot = ? and boot != '' and until_monotonic_s > ?) or ((boot != ? or boot = '') and until_s > ?))
"""
"""Holds that have not expired. The clock of the machine's boot decides, which nobody sets; the wall clock only for holds
of another machine or an earlier boot."""


class Rows(Protocol):
    """The result of a statement."""

    def fetchone(self) -> Any:
        """Return the next row as a tuple, None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all rows."""
        ...


class Database(Protocol):
    """A connection in a transaction. `?` stands for a parameter."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows:
        """Run a statement."""
        ...


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """The time of a transaction, by the clocks that leases count on."""

    wall_s: float
    boot: str = ""
    """What identifies this boot of the machine; "" if only the wall clock counts."""
    monotonic_s: float = 0.0

    @property
    def at(self) -> datetime:
        """The wall clock's time."""
        return datetime.fromtimestamp(self.wall_s, UTC)

    @property
    def lease(self) -> tuple[Any, ...]:
        """The parameters of _LEASED."""
        return (self.boot, self.monotonic_s, self.boot, self.wall_s)


class Spending(msgspec.Struct, frozen=True):
    """What settling a call changed, in pico-dollars."""

    before: int
    after: int
    max: int | None


class StoredLedger(msgspec.Struct, frozen=True):
    """Everything in the ledger. Unreadable calls are left out and counted."""

    max_usd: Decimal | None
    reserved: dict[str, Decimal]
    calls: tuple[Call, ...]
    unreadable: int = 0


def reserve(
    db: Database,
    moment: Moment,
    usd: Decimal,
    *,
    lease_s: float,
    process: int,
    accounts: Sequence[Account] = (),
) -> LLMResult[str]:
    """Reserve an amount in the budget and in every account until its lease expires; return the reservation's name."""
    name, pico = uuid4().hex, to_pico(usd)
    db.execute(f"delete from holds where not {_LEASED}", moment.lease)
    max_pico, spent = read_budget(db)
    reserved = sum([_integer(row[0]) for row in db.execute("select pico from holds").fetchall()])
    max_usd = None if max_pico is None else to_usd(max_pico)
    error = pure.budget_error(max_usd, to_usd(spent), to_usd(reserved), to_usd(pico))
    if error is None and accounts:
        db.execute("delete from account_holds where hold not in (select name from holds)")
        error = _find_account_error(db, moment, accounts, to_usd(pico))
    if error is not None:
        return Failure(error)
    columns = "name, pico, until_s, process, boot, until_monotonic_s"
    until = (moment.wall_s + lease_s, process, moment.boot, moment.monotonic_s + lease_s)
    db.execute(f"insert into holds ({columns}) values (?, ?, ?, ?, ?, ?)", (name, pico, *until))
    for account in accounts:
        db.execute("insert into account_holds (account, hold) values (?, ?)", (account.name, name))
    return Success(name)


def renew(db: Database, moment: Moment, names: Sequence[str], lease_s: float) -> None:
    """Let the leases of these reservations begin anew."""
    until = (moment.wall_s + lease_s, moment.boot, moment.monotonic_s + lease_s)
    for name in names:
        columns = "until_s = ?, boot = ?, until_monotonic_s = ?"
        db.execute(f"update holds set {columns} where name = ?", (*until, name))


def settle(
    db: Database, moment: Moment, name: str, call: Call, accounts: Sequence[Account] = ()
) -> Spending:
    """Replace a reservation, even an expired one, by the real cost of the call, in every account too."""
    at_s = call.at.timestamp() if call.at else moment.wall_s
    pico = to_pico(call.cost.total_usd if call.cost else ZERO)
    release(db, name)
    for account in accounts:
        _charge(db, moment, account, pico)
    max_pico, before = read_budget(db)
    after = min(before + pico, MAX_PICO)
    db.execute("update budget set spent_pico = ?", (after,))
    db.execute("insert into calls (at_s, call) values (?, ?)", (at_s, encode_call(call)))
    return Spending(before, after, max_pico)


def release(db: Database, name: str) -> None:
    """Remove a reservation without a cost."""
    db.execute("delete from holds where name = ?", (name,))
    db.execute("delete from account_holds where hold = ?", (name,))


def read(db: Database, moment: Moment) -> tuple[int | None, dict[str, Decimal], list[Any]]:
    """Return the budget, the reservations, and the rows of the calls for `stored_ledger`."""
    max_pico, _ = read_budget(db)
    holds = db.execute(f"select name, pico from holds where {_LEASED}", moment.lease).fetchall()
    reserved = {str(name): to_usd(_integer(pico)) for name, pico in holds}
    return max_pico, reserved, db.execute("select at_s, call from calls order by id").fetchall()


def stored_ledger(
    max_pico: int | None, reserved: dict[str, Decimal], rows: Iterable[Any]
) -> StoredLedger:
    """Return what `read` has read as values."""
    calls = [decode_call(at_s, data) for at_s, data in rows]
    readable = tuple([call for call in calls if call is not None])
    max_usd = None if max_pico is None else to_usd(max_pico)
    return StoredLedger(max_usd, reserved, readable, len(calls) - len(readable))


def price_unpriced(db: Database, price: Callable[[Call], LLMResult[Cost]]) -> int:
    """Price the calls that had no price; return how many were priced. Accounts stay as they are."""
    count = 0
    for number, at_s, data in db.execute("select id, at_s, call from calls").fetchall():
        call = decode_call(at_s, data)
        if call is None or call.cost is not None:
            continue
        cost = price(call).value_or(None)
        if cost is None:
            continue
        priced = encode_call(msgspec.structs.replace(call, cost=cost))
        db.execute("update calls set call = ? where id = ?", (priced, number))
        spent = min(read_budget(db)[1] + to_pico(cost.total_usd), MAX_PICO)
        db.execute("update budget set spent_pico = ?", (spent,))
        count += 1
    return count


def read_budget(db: Database) -> tuple[int | None, int]:
    """Return the budget and what is spent."""
    row = db.execute("select max_pico, spent_pico from budget").fetchone()
    if row is None:
        raise ValueError("its table `budget` is empty")
    return None if row[0] is None else _integer(row[0]), _integer(row[1])


# accounts


def account_spending(db: Database, moment: Moment, account: Account) -> AccountSpending:
    """Return what an account has spent in its current period."""
    return current(account, _stored_spending(db, account), moment.at)


def _stored_spending(db: Database, account: Account) -> AccountSpending:
    query = "select period_start_s, spent_pico from accounts where name = ?"
    row = db.execute(query, (account.name,)).fetchone()
    if row is None:
        return AccountSpending()
    start_s = float(_integer(row[0]))
    return AccountSpending(period_start_s=start_s, spent_usd=to_usd(_integer(row[1])))


def _find_account_error(
    db: Database, moment: Moment, accounts: Sequence[Account], usd: Decimal
) -> BudgetExceeded | None:
    """Return the error of the first account that has too little left. Expired holds are deleted already."""
    held = "select h.pico from account_holds a join holds h on h.name = a.hold where a.account = ?"
    for account in accounts:
        rows = db.execute(held, (account.name,)).fetchall()
        reserved = to_usd(sum([_integer(row[0]) for row in rows]))
        stored = _stored_spending(db, account)
        spending = current(account, stored, moment.at)
        if spending.period_start_s < stored.period_start_s:  # the clock was wrong
            _store_spending(db, account, spending.period_start_s, to_pico(spending.spent_usd))
        error = account_error(account, spending, reserved, usd)
        if error is not None:
            return error
    return None


def _charge(db: Database, moment: Moment, account: Account, pico: int) -> None:
    spending = account_spending(db, moment, account)
    spent = min(to_pico(spending.spent_usd) + pico, MAX_PICO)
    _store_spending(db, account, spending.period_start_s, spent)


def _store_spending(db: Database, account: Account, start_s: float, pico: int) -> None:
    db.execute(
        "insert into accounts (name, period_start_s, spent_pico) values (?, ?, ?) on conflict (name) "
        "do update set period_start_s = excluded.period_start_s, spent_pico = excluded.spent_pico",
        (account.name, start_s, pico),
    )


# rows


def _integer(value: object) -> int:
    """Return a number of the ledger, which may have any type in SQLite."""
    if not isinstance(value, int | float):
        raise TypeError("it has text in place of an amount")
    return int(value)


def to_pico(usd: Decimal) -> int:
    """Return integer pico-dollars, at least 0 and at most MAX_PICO; an amount that is no number counts as the most."""
    if not usd.is_finite() or usd >= to_usd(MAX_PICO):
        return MAX_PICO
    return max(0, int((usd * _PICO).to_integral_value(ROUND_CEILING)))


def to_usd(pico: int) -> Decimal:
    """Return US dollars."""
    return Decimal(pico) / _PICO


def decode_call(at_s: object, data: object) -> Call | None:
    """Return the call of a row, None if the row is damaged."""
    try:
        call: Call = msgspec.msgpack.decode(cast("bytes", data), type=Call)
        if call.at is None and isinstance(at_s, int | float):
            return msgspec.structs.replace(call, at=datetime.fromtimestamp(at_s, UTC))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None
    return call


def encode_call(call: Call) -> bytes:
    """Return the call as bytes. Counts that no 64-bit integer holds are stored as the largest, without the raw usage."""
    try:
        return msgspec.msgpack.encode(call)
    except (OverflowError, ValueError, TypeError, RecursionError):
        bounded: dict[str, Any] = {
            name: max(-MAX_PICO, min(value, MAX_PICO)) if type(value) is int else value
            for name, value in msgspec.structs.asdict(call.usage).items()
        }
        usage = Usage(**{**bounded, "raw": None})
        return msgspec.msgpack.encode(msgspec.structs.replace(call, usage=usage))
