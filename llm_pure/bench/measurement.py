"""Time contests: groups of samples of one dialect and length, each contestant beside the floor. The method is that of `timing`."""

from collections.abc import Mapping, Sequence

import msgspec

from llm_pure.bench.contests import Contest
from llm_pure.bench.report import Record, Report
from llm_pure.bench.timing import Instruments, Timings, race


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The measurement of one contestant in one group: a line of --json."""

    kind: str
    """"streams", "answers", "build" or "tokens"."""
    dialect: str
    """The wire API; for tokens the encoding."""
    length: str
    """"short" or "long"; "all" where nothing is divided."""
    who: str
    calls: int
    """Streams, answers, requests or texts of the group that this contestant reads."""
    of_calls: int
    """All of the group."""
    events: int
    """Events of the wire for streams, tokens for texts, else 0."""
    size: int
    """Bytes of all calls."""
    us_per_call: float
    us_per_event: float | None = None
    mb_per_s: float | None = None
    ratio: float | None = None
    """How many times the floor's time, the median over the rounds; None for the floor itself, and for parts of the work."""
    ratio_low: float | None = None
    ratio_high: float | None = None
    first_event_us: float | None = None
    """From opening a stream to its first event, without waiting for the network."""
    fixed_us: float | None = None
    """Opening and closing a stream: what it costs besides its bytes."""
    peak_kb: float | None = None
    """The most memory that reading the largest one allocates."""


def measure(contest: Contest, rounds: int, instruments: Instruments) -> tuple[Measured, ...]:
    """Time one group. Contestants that read only some of its calls run against floor and ours on these."""
    timed = race(contest.jobs, rounds, instruments)
    rows = [_row(contest, name, timed, instruments) for name in contest.contestants]
    for part in contest.parts:
        timed = race(part.jobs, rounds, instruments)
        rows += [
            _row(part, name, timed, instruments)
            for name in part.contestants
            if name not in (contest.floor, contest.ours)
        ]
    return tuple(rows)


def _row(contest: Contest, name: str, timed: Timings, instruments: Instruments) -> Measured:
    seconds = timed.seconds(name)
    spread = None if name == contest.floor else timed.spread(name, contest.floor)
    own = name == contest.ours
    return Measured(
        kind=contest.kind,
        dialect=contest.dialect,
        length=contest.length,
        who=name,
        calls=contest.calls,
        of_calls=contest.of_calls,
        events=contest.events,
        size=contest.size,
        us_per_call=_rounded(seconds / contest.calls * 1e6),
        us_per_event=_rounded(seconds / contest.events * 1e6) if contest.events else None,
        mb_per_s=_rounded(contest.size / seconds / 1e6) if seconds else None,
        ratio=None if spread is None else _rounded(spread.median),
        ratio_low=None if spread is None else _rounded(spread.low),
        ratio_high=None if spread is None else _rounded(spread.high),
        first_event_us=_of_each(contest, "first", timed) if own else None,
        fixed_us=_of_each(contest, "fixed", timed) if own else None,
        peak_kb=_rounded(instruments.peak(contest.largest[name]) / 1000)
        if name in contest.largest
        else None,
    )


def _of_each(contest: Contest, part: str, timed: Timings) -> float | None:
    if part not in timed.rounds_s:
        return None
    return _rounded(timed.seconds(part) / contest.calls * 1e6)


def _rounded(value: float) -> float:
    """Four digits that count."""
    return float(f"{value:.4g}")


_UNITS: Mapping[str, tuple[str, str]] = {
    "streams": ("stream", "event"),
    "answers": ("answer", ""),
    "build": ("request", ""),
    "tokens": ("text", "token"),
}
"""Kind -> what a call and an event of it are called."""


def report(rows: Sequence[Measured]) -> Report:
    """Return the table of one group, at most 80 columns wide."""
    first = rows[0]
    call, event = _UNITS[first.kind]
    length = "" if first.length == "all" else f"{first.length} "
    parts = [f"{first.of_calls} {length}{call}{_plural(first.of_calls)}"]
    parts += [f"{first.events:,} {event}{_plural(first.events)}"] if event else []
    parts += [f"{first.size / 1000:,.1f} kB"]
    head = ["who", *([f"us/{event}"] if event else []), f"us/{call}", "MB/s"]
    head += [f"of {first.who.split()[0]}", "+-"]
    head += ["first", "fixed"] if first.kind == "streams" else []
    return Report(
        title=f"{first.dialect}: {', '.join(parts)}",
        head=(*head, "kB"),
        rows=tuple([_cells(row, has_events=bool(event)) for row in rows]),
        records=tuple([record_of(row) for row in rows]),
        words=1,
    )


def notes(rows: Sequence[Measured]) -> list[str]:
    """Return a line for each contestant that reads only some of the calls."""
    call, _ = _UNITS[rows[0].kind]
    return [
        f"{row.who} reads {row.calls} of {row.of_calls} {call}s; its ratio is of these"
        for row in rows
        if row.calls < row.of_calls
    ]


def _plural(count: int) -> str:
    return "" if count == 1 else "s"


def _cells(row: Measured, *, has_events: bool) -> tuple[str, ...]:
    cells = [row.who]
    cells += [number(row.us_per_event)] if has_events else []
    cells += [number(row.us_per_call), number(row.mb_per_s), *_ratio(row)]
    if row.kind == "streams":
        cells += [number(row.first_event_us), number(row.fixed_us)]
    return (*cells, number(row.peak_kb))


def number(value: float | None) -> str:
    """Three digits that count, without exponents."""
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _ratio(row: Measured) -> tuple[str, str]:
    """Return the ratio, and half the distance of its quartiles in percent; "1.00x" for the floor."""
    if row.ratio is None or row.ratio_low is None or row.ratio_high is None:
        return "1.00x", ""
    spread = (row.ratio_high - row.ratio_low) / 2 / row.ratio if row.ratio else 0
    return f"{number(row.ratio)}x", f"{spread:.0%}"


def record_of(row: Measured) -> Record:
    """Return a row as numbers, without the fields that it has no value for."""
    record: Record = msgspec.to_builtins(row)
    return record
