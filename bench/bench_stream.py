"""Streams: bytes in, events out, per dialect; and cutting them into frames, alone.

The floor is a bare msgspec.json.decode of the same payloads, already cut into frames, into dicts that nobody looks at.
"""

from collections.abc import Mapping

import msgspec

from bench import samples
from bench.minimal import read_minimally
from llm_pure.bench.peers import EXPECTED, ours, readers
from llm_pure.bench.report import Record, Report, met, times
from llm_pure.bench.sample import PIECE, Sample
from llm_pure.bench.timing import QUICK_ROUNDS, ROUNDS, Prepare, Run, Timings, race

FLOOR, OURS, BY_EVENT = "bare msgspec", "llm-pure", "llm-pure, an event a piece"
BY_HAND = "events by hand"

OVER_FLOOR: Mapping[str, float] = {
    "openai_chat": 3,
    "openai_responses": 4,
    "anthropic_messages": 4,
    "gemini_content": 4,
    "bedrock_converse": 5,
}
"""Goals: at most so many times the floor."""

SHORT_DELTAS = 7
"""A stream of 10 chunks of chat completions: opening and closing cost more than its events."""

SHORT_OVER_FLOOR = 4
"""Goal: a short stream of any dialect at most so many times the floor, opening and closing included."""

FASTER: Mapping[str, float] = {"openai": 30, "anthropic": 20, "litellm": 100, "lm15": 4}
"""Goals: at least so many times faster than the peer."""


def run(quick: bool) -> list[Report]:
    """All tables, and a record for each of their rows."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    made = [make(samples.DELTAS) for make in samples.STREAMS.values()]
    short = [make(SHORT_DELTAS) for make in samples.STREAMS.values()]
    return [_streams(made, rounds), _short_streams(short, rounds), _framing(made, rounds)]


def _streams(made: list[Sample], rounds: int) -> Report:
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for sample in made:
        contestants: dict[str, Prepare] = {
            FLOOR: _floor(sample),
            OURS: ours.read_stream(sample, sample.pieces()),
            BY_EVENT: ours.read_stream(sample, sample.frames),
        }
        for package, reader in readers(sample.dialect).items():
            contestants[package] = reader(sample, sample.pieces())
        for package, reader in readers(sample.dialect, "COLLECTING").items():
            contestants[f"{package}, collecting"] = reader(sample, sample.pieces())
        for name in contestants.keys() - {FLOOR}:
            _must_say(name, contestants[name]()(), sample.text)
        timings = race(contestants, rounds)
        for name in contestants:
            rows.append(_row(sample, timings, name))
            records.append(_record("stream", sample, timings, name))
        rows += [
            (sample.dialect, package, *["-"] * 4, "")
            for package in EXPECTED[sample.dialect]
            if package not in contestants
        ]
    return Report(
        title=f"Streams: {samples.DELTAS} deltas of text, in pieces of {PIECE // 1024} KiB",
        head=("dialect", "who", "us/event", "MB/s", "of bare", "ours is faster", "goal"),
        rows=tuple(rows),
        records=tuple(records),
    )


def _short_streams(short: list[Sample], rounds: int) -> Report:
    """Opened, read and closed; peers are made and have their head before the clock starts."""
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for sample in short:
        contestants: dict[str, Prepare] = {
            FLOOR: _floor(sample),
            OURS: ours.read_stream(sample, sample.pieces()),
        }
        by_hand = read_minimally(sample)
        if by_hand is not None:
            _must_say(BY_HAND, by_hand()(), sample.text)
            contestants[BY_HAND] = by_hand
        for package, reader in readers(sample.dialect).items():
            contestants[package] = reader(sample, sample.pieces())
        timings = race(contestants, rounds)
        for name in contestants:
            ratio = timings.ratio(name, FLOOR)
            is_met = met(ratio <= SHORT_OVER_FLOOR, f"at most {SHORT_OVER_FLOOR}x of bare")
            rows.append(
                (
                    sample.dialect,
                    name,
                    str(sample.events),
                    f"{timings.seconds(name) * 1e6:.1f}",
                    times(ratio),
                    is_met if name == OURS else "",
                )
            )
            records.append(_record("short stream", sample, timings, name))
    return Report(
        title=f"Short streams: opened, read and closed, {SHORT_DELTAS} deltas of text",
        head=("dialect", "who", "events", "us/stream", "of bare", "goal"),
        rows=tuple(rows),
        records=tuple(records),
    )


def _framing(made: list[Sample], rounds: int) -> Report:
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for sample in made:
        pieces = sample.pieces()
        own_framer = ours.FRAMERS[sample.dialect]
        contestants = {
            OURS: own_framer(sample, pieces),
            BY_EVENT: own_framer(sample, sample.frames),
        }
        for package, framer in readers(sample.dialect, "FRAMERS").items():
            contestants[package] = framer(sample, pieces)
        for name, prepare in contestants.items():
            _must_say(name, prepare()(), len(sample.frames))
        timings = race(contestants, rounds)
        for name in contestants:
            row = _row(sample, timings, name)
            rows.append((*row[:4], row[5]))
            records.append(_record("framing", sample, timings, name))
    return Report(
        title="Framing alone: the same bytes cut into frames, no JSON read",
        head=("dialect", "who", "us/event", "MB/s", "ours is faster"),
        rows=tuple(rows),
        records=tuple(records),
    )


def _floor(sample: Sample) -> Prepare:
    def decode_all() -> None:
        decode = msgspec.json.decode
        for payload in sample.payloads:
            decode(payload)

    def prepare() -> Run:
        return decode_all

    return prepare


def _must_say(name: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise SystemExit(
            f"{name} reads another answer: {str(got)[:80]!r}, not {str(wanted)[:80]!r}"
        )


def _row(sample: Sample, timings: Timings, name: str) -> tuple[str, ...]:
    seconds = timings.seconds(name)
    of_floor = timings.ratio(name, FLOOR) if FLOOR in timings.rounds_s else None
    slower = timings.ratio(name, OURS)
    is_peer = name not in (FLOOR, OURS, BY_EVENT)
    goal = ""
    if name == OURS and of_floor is not None and sample.dialect in OVER_FLOOR:
        most = OVER_FLOOR[sample.dialect]
        goal = met(of_floor <= most, f"at most {most:g}x of bare")
    elif is_peer and of_floor is not None and (package := name.split(",")[0]) in FASTER:
        goal = met(slower >= FASTER[package], f"at least {FASTER[package]:g}x")
    return (
        sample.dialect,
        name,
        f"{seconds / len(sample.frames) * 1e6:.2f}",
        f"{len(sample.body) / seconds / 1e6:.1f}",
        "" if of_floor is None else times(of_floor),
        times(slower) if is_peer else "",
        goal,
    )


def _record(bench: str, sample: Sample, timings: Timings, name: str) -> Record:
    seconds = timings.seconds(name)
    return {
        "bench": bench,
        "dialect": sample.dialect,
        "who": name,
        "events": len(sample.frames),
        "bytes": len(sample.body),
        "us_per_event": round(seconds / len(sample.frames) * 1e6, 3),
        "mb_per_s": round(len(sample.body) / seconds / 1e6, 2),
        "of_bare_msgspec": round(timings.ratio(name, FLOOR), 3)
        if FLOOR in timings.rounds_s
        else None,
        "of_llm_pure": round(timings.ratio(name, OURS), 3),
    }
