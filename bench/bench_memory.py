"""Long streams: what they cost in memory, and whether time grows with the bytes and no faster.

Memory is the peak of a fresh process over what it held before the first byte; the stream is made while it is read, so
that it is not counted. What grows with a stream must be its text alone; a frame, a piece and its events are there once.
"""

import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from statistics import median
from time import process_time

import msgspec

from bench import samples
from llm_pure import ResponseHead
from llm_pure.adapters import registry
from llm_pure.bench.report import Record, Report, met, times
from llm_pure.bench.sample import cut
from llm_pure.core.provider import StreamDecoder

KIB, MIB = 1024, 1024 * 1024
PIECES = {"1 byte": 1, "1 KiB": KIB, "1 MiB": MIB}
SHORT, LONG = 5, 16 * KIB
"""Letters of a delta: words as models send them, and text in lumps."""

_LINEAR = 11
"""Goal: ten times the bytes take at most so many times the time."""


class Case(msgspec.Struct, frozen=True):
    """One stream, read in a process of its own. letters: of each delta. piece: bytes fed at once."""

    deltas: int
    letters: int
    piece: int

    @property
    def megabytes(self) -> float:
        """All its bytes, 1,000,000 of them each."""
        return self.deltas * len(_frame(self.letters)) / 1e6


class Told(msgspec.Struct, frozen=True):
    """What that process saw. text: letters. peak, completed: bytes held while reading, and with the Completion made."""

    seconds: float
    text: int
    peak: int
    completed: int


def run(quick: bool) -> list[Report]:
    """Memory of 100 MB; time of 100 MB, or 10 MB when fed byte by byte, a tenth of that when quick."""
    return [_memory(100_000_000), _linear(quick)]


def _memory(size: int) -> Report:
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for letters in (SHORT, LONG):
        for name, piece in PIECES.items():
            if piece == 1:
                continue
            case, tenth = _sized(size, letters, piece)
            told, before = _apart(case), _apart(tenth)
            grown, text = told.peak - before.peak, told.text - before.text
            rows.append(
                (
                    f"{case.megabytes:.0f} MB, deltas of {letters} letters",
                    f"pieces of {name}",
                    f"{told.text / 1e6:.1f}",
                    f"{told.peak / 1e6:.1f}",
                    f"{told.completed / 1e6:.1f}",
                    f"{grown / 1e6:.1f}",
                    f"{text / 1e6:.1f}",
                    met(grown <= 1.25 * text + 1e6, "grows by its text"),
                )
            )
            records.append(
                {
                    "bench": "memory",
                    "deltas": case.deltas,
                    "letters": letters,
                    "piece": piece,
                    "text": told.text,
                    "peak": told.peak,
                    "peak_with_completion": told.completed,
                    "peak_of_a_tenth": before.peak,
                }
            )
    return Report(
        title="Memory of one long stream of chat completions, in MB above the process before it",
        head=(
            "stream",
            "fed in",
            "text",
            "peak",
            "with Completion",
            "more than a tenth",
            "its text more",
            "goal",
        ),
        rows=tuple(rows),
        records=tuple(records),
    )


def _linear(quick: bool) -> Report:
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for letters in (SHORT, LONG):
        for name, piece in PIECES.items():
            size = (10_000_000 if piece == 1 else 100_000_000) // (10 if quick else 1)
            case, tenth = _sized(size, letters, piece)
            pairs = [(_apart(tenth), _apart(case)) for _ in range(1 if quick else 3)]
            ratio = median([large.seconds / little.seconds for little, large in pairs])
            seconds = median([large.seconds for _, large in pairs])
            rows.append(
                (
                    f"{case.megabytes:.0f} MB, deltas of {letters} letters",
                    f"pieces of {name}",
                    f"{seconds:.2f}",
                    f"{case.megabytes / seconds:.1f}",
                    times(ratio),
                    met(ratio <= _LINEAR, f"at most {_LINEAR}x"),
                )
            )
            records.append(
                {
                    "bench": "linear",
                    "deltas": case.deltas,
                    "letters": letters,
                    "piece": piece,
                    "seconds": round(seconds, 4),
                    "of_a_tenth": round(ratio, 3),
                }
            )
    return Report(
        title="Time of long streams, and how much more than for a tenth of the bytes",
        head=("stream", "fed in", "s", "MB/s", "of a tenth", "goal"),
        rows=tuple(rows),
        records=tuple(records),
    )


def _sized(size: int, letters: int, piece: int) -> tuple[Case, Case]:
    """A stream of about so many bytes, and one of exactly a tenth of its deltas."""
    tenth = max(1, size // 10 // len(_frame(letters)))
    return Case(10 * tenth, letters, piece), Case(tenth, letters, piece)


def _apart(case: Case) -> Told:
    """The case in a fresh process."""
    asked = msgspec.json.encode(case).decode()
    command = [sys.executable, "-m", "bench.bench_memory", asked]
    done = subprocess.run(command, check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=Told)


def _here(case: Case) -> Told:
    provider = registry.get("openai").unwrap()
    head = ResponseHead(200, (("content-type", "text/event-stream"),))
    _feed(provider.open_stream(head), _stream(Case(20, case.letters, case.piece)))  # warm
    base = peak_bytes()
    decoder = provider.open_stream(head)
    seconds = _feed(decoder, _stream(case))
    peak = peak_bytes()
    text = len(decoder.partial().text)
    return Told(seconds, text, peak - base, peak_bytes() - base)


def _feed(decoder: StreamDecoder, batches: Iterator[tuple[bytes, ...]]) -> float:
    """The CPU seconds of reading the stream, without those of making it."""
    spent = 0.0
    for batch in batches:
        start = process_time()
        for piece in batch:
            decoder.feed(piece).unwrap()
        spent += process_time() - start
    decoder.close().unwrap()
    return spent


def _stream(case: Case) -> Iterator[tuple[bytes, ...]]:
    """A start, the deltas and an end, cut into pieces; as many at a time as are ready."""
    whole = samples.openai_chat(0).frames
    frame = _frame(case.letters)
    rest = bytearray()
    for part in chain(whole[:1], repeat(frame, case.deltas), whole[1:]):
        rest += part
        ready = len(rest) // case.piece * case.piece
        if ready:
            yield tuple(cut(bytes(rest[:ready]), case.piece))
            del rest[:ready]
    if rest:
        yield (bytes(rest),)


def _frame(letters: int) -> bytes:
    return b"data: " + samples.chat_chunk(1, {"content": "x" * letters}) + b"\n\n"


def peak_bytes() -> int:
    """The most bytes this process has held. Linux's own count, since ru_maxrss there knows the parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
        return int(line.split()[1]) * KIB
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(msgspec.json.encode(_here(msgspec.json.decode(sys.argv[1], type=Case))).decode())
