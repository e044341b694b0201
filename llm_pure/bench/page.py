"""A baseline -> the page docs/benchmarks.md. Pure: a test compares the committed page with it."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from llm_pure.bench.baseline import Baseline
from llm_pure.bench.measurement import Measured, number

_HEADINGS = {
    "streams": "Streams",
    "answers": "Complete answers",
    "build": "Requests",
    "tokens": "Tokens",
}

_INTRODUCTION = """\
# Benchmarks

`llm-pure bench` measures what reading, counting and building cost, on the recordings of this repository or on your own: VCR
cassettes of any project, in which it finds the model calls as `llm-pure cassette check` does.

```console
$ llm-pure bench streams --rounds 1 cassettes/openai
...
openai_chat: 9 short streams, 71 events, 15.4 kB
...
```

| command | measures | beside |
| --- | --- | --- |
| `bench streams PATH...` | opening, reading and closing recorded streams | a bare msgspec decode of their JSON; with `--peers`: openai, anthropic, google-genai, botocore, litellm, lm15 |
| `bench answers PATH...` | parsing recorded complete answers | a bare msgspec decode |
| `bench tokens PATH...` | counting the tokens of texts, or of the texts in cassettes | raw tiktoken; with `--peers`: litellm |
| `bench build PATH...` | building recorded requests anew | a bare msgspec encode of the recorded bodies |

Options: `--rounds N` (9), `--json` (a line for each row, the machine first), `--plot FILE.svg` with `--force` to overwrite; for tokens
`-m MODEL`. What cannot be measured is left out and counted on standard error: other calls, answers with an error, streams that
end in one, requests whose dialect no server side reads. Exit 65 if nothing is left, 66 if a path does not exist.

| column | meaning |
| --- | --- |
| us/event, us/stream, us/answer, ... | microseconds of CPU for an event of the wire, a token, a call |
| MB/s | bytes of the recorded body in that time |
| of bare, of raw, +- | how many times the time of the first row; half the distance of the quartiles of that ratio over the rounds |
| first | microseconds from opening a stream to its first event, without the network |
| fixed | microseconds that opening and closing cost besides the bytes; the larger part of a short stream |
| kB | the most memory that Python holds while the largest of the calls is read |

## Method

The contestants take turns in rounds, in one process. A round repeats a job until 50 ms are full; each number is the median over
the rounds, each ratio the median of the rounds' own ratios, so that a neighbour who slows down a round slows down both sides.
Time is CPU time of the one thread. The garbage collector is on; what imports left behind is frozen out of it. Streams of at most
20 events and texts of at most 100 tokens are groups of their own, since a fixed cost weighs more there. A peer reads through its
own public interface, fed from memory, and counts only where it reads the same text; sending its call is not timed.

`make bench` has further benches (a call, load, memory, imports, growth), by the same method:
`bench/README.md`. `make bench-check` measures the recordings of the repository and fails if a ratio is more than 25 %
worse than in `bench/baseline.json`, twice in a row. `make bench-page` writes that file and this page.

## Numbers
"""

_UNMEASURED = (
    "\nNothing was measured yet: `make bench-page` on a quiet machine writes the numbers here.\n"
)


def render_page(baseline: Baseline) -> str:
    """Return the page in Markdown."""
    if not baseline.rows:
        return _INTRODUCTION + _UNMEASURED
    return _INTRODUCTION + "\n".join(_numbers(baseline)) + "\n"


def _numbers(baseline: Baseline) -> Iterator[str]:
    yield ""
    yield f"Of {baseline.date}, by `make bench-page`. {baseline.machine}. {baseline.packages}."
    yield ""
    yield "![How many times the lower bound each takes](benchmarks.svg)"
    for kind, rows in groupby(baseline.rows, key=lambda row: row.kind):
        yield ""
        yield f"### {_HEADINGS[kind]}"
        yield ""
        yield from _table(kind, list(rows))


def _table(kind: str, rows: Sequence[Measured]) -> Iterator[str]:
    divided = any(row.length != "all" for row in rows)
    events = any(row.us_per_event is not None for row in rows)
    head = ["dialect" if kind != "tokens" else "encoding"]
    head += ["length"] if divided else []
    head += ["who"]
    head += ["us an event" if kind == "streams" else "us a token"] if events else []
    head += ["us a call", "times the first"]
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        cells = [row.dialect]
        cells += [row.length] if divided else []
        cells += [
            row.who if row.calls == row.of_calls else f"{row.who}, {row.calls} of {row.of_calls}"
        ]
        cells += [number(row.us_per_event)] if row.us_per_event is not None else []
        cells += [number(row.us_per_call), "1" if row.ratio is None else number(row.ratio)]
        yield f"| {' | '.join(cells)} |"
