"""`llm-pure bench`: measure what recorded traffic and texts cost to read, to count and to build. Sends nothing."""

import logging
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from llm_pure.adapters import registry
from llm_pure.bench.contests import (
    Contest,
    answer_contests,
    build_contests,
    stream_contests,
    token_contests,
)
from llm_pure.bench.machine import machine_lines
from llm_pure.bench.measurement import Measured, measure, notes, record_of, report
from llm_pure.bench.plot import plot
from llm_pure.bench.recordings import Recordings, read_recordings, recorded_texts
from llm_pure.bench.report import table
from llm_pure.bench.timing import REAL, Instruments
from llm_pure.cli.exit_codes import CONFIGURATION, DATA, OK, CommandFailed, value_or_exit
from llm_pure.cli.files import (
    expand_paths,
    read_text,
    require_paths,
    require_writable,
    write_file,
)
from llm_pure.cli.output import out, out_json, print_note, print_progress
from llm_pure.client.tokenizers import load_token_counter, raw_encoder

INSTRUMENTS: Instruments = REAL
"""What measures; a test replaces it."""

CASSETTE_SUFFIXES = (".yaml", ".yml")


def streams(options: Namespace) -> int:
    """Measure recorded streams by dialect, short ones apart."""
    cases = _recordings(options, "streams").streams
    with _without_logs():
        return _run(options, stream_contests(cases, peers=options.peers))


@contextmanager
def _without_logs() -> Iterator[None]:
    """Peers warn about parts of streams, once for each round."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def answers(options: Namespace) -> int:
    """Measure recorded complete answers by dialect."""
    return _run(options, answer_contests(_recordings(options, "answers").answers))


def build(options: Namespace) -> int:
    """Measure building the recorded requests anew, by dialect."""
    return _run(options, build_contests(_recordings(options, "build").requests))


def tokens(options: Namespace) -> int:
    """Measure counting tokens of texts, and of the texts in cassettes; short ones apart."""
    _require_plot(options)
    counter = value_or_exit(load_token_counter(options.model), CONFIGURATION)
    encode = value_or_exit(raw_encoder(counter.tokenizer.encoding), CONFIGURATION)
    texts = [text for text in _texts(expand_paths(options.paths)) if text]
    contests = token_contests(texts, counter, encode, model=options.model, peers=options.peers)
    return _run(options, contests)


def _texts(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        print_progress(path)
        recorded = recorded_texts(Path(path)) if path.endswith(CASSETTE_SUFFIXES) else None
        texts = None if recorded is None else recorded.value_or(None)
        if texts is None:
            yield read_text(path)
        else:
            yield from texts
    print_progress("")


def _recordings(options: Namespace, kind: str) -> Recordings:
    require_paths(*options.paths)
    _require_plot(options)
    recordings = read_recordings(options.paths, registry, kind, print_progress)
    print_progress("")
    for reason, count in recordings.left_out:
        print_note(f"left out: {count} x {reason}")
    return recordings


def _require_plot(options: Namespace) -> None:
    if options.plot:
        require_writable([Path(options.plot)], force=options.force)


def _run(options: Namespace, contests: Iterable[Contest]) -> int:
    """Measure and print each group as soon as it is measured. Fails with 65 if there is none."""
    rows: list[Measured] = []
    for number, contest in enumerate(contests):
        if not number:
            _print_machine(options)
        print_progress(f"{contest.dialect}: {contest.calls} calls, {options.rounds} rounds")
        group = measure(contest, options.rounds, INSTRUMENTS)
        print_progress("")
        if options.json:
            for row in group:
                out_json(record_of(row))
        else:
            out("\n".join(["", table(report(group)), *notes(group)]))
        rows += group
    if not rows:
        raise CommandFailed("nothing to measure in these files", DATA)
    if options.plot:
        title = "CPU time, times the lower bound (logarithmic)"
        write_file(Path(options.plot), plot(rows, title).encode(), force=options.force)
    return OK


def _print_machine(options: Namespace) -> None:
    machine, packages = machine_lines()
    if options.json:
        out(
            msgspec.json.encode(
                {"kind": "machine", "machine": machine, "packages": packages}
            ).decode()
        )
    else:
        out(f"{machine}\n{packages}")
