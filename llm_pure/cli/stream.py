"""`llm-pure stream fuzz`: split, cut, corrupt and deform every recorded stream, and check the results."""

from argparse import Namespace
from collections import Counter
from pathlib import Path

from llm_pure.adapters import registry
from llm_pure.cli.exit_codes import FINDINGS, OK
from llm_pure.cli.files import require_paths
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.checks.disorder_check import DisorderDivergence
from llm_pure.replay.checks.disorder_fuzz import DisorderRecord, fuzz_disorders
from llm_pure.replay.checks.fuzz import FuzzRecord, fuzz_paths
from llm_pure.replay.disorders.table import DISORDERS
from llm_pure.replay.secrets.redaction import redact_cassette
from llm_pure.types.redact import redact
from llm_pure.types.result import error_of

_ROUNDS_SHARE = 5
"""A deformed answer is split and cut in a fifth of the rounds, since an answer has about 30 disorders."""


def run(options: Namespace) -> int:
    """Print a line for each stream; 1 if a result is wrong, and a minimal cassette that shows it."""
    require_paths(*options.paths)
    streams = splits = cuts = damages = divergences = 0
    for record in fuzz_paths(
        options.paths,
        registry,
        seed=options.seed,
        rounds=options.rounds,
        every_byte=options.every_byte,
    ):
        report = record.report
        streams, splits, cuts = streams + 1, splits + report.splits, cuts + report.cuts
        damages, divergences = damages + report.damages, divergences + len(report.divergences)
        out(_line(record))
        for divergence in report.divergences[:3]:
            expected, actual = redact(divergence.expected)[:100], redact(divergence.actual)[:200]
            out(
                f"      {divergence.property} at {divergence.at}: expected {expected}, got {actual}"
            )
        if record.example is not None:
            stem = f"{record.provider}.{Path(record.file).stem}.{record.index}"
            _save(record.example, Path(options.out) / f"divergence.{stem}.yaml")
    out(
        f"{streams} streams, {splits} splits, {cuts} cuts, {damages} corrupted copies: "
        f"{divergences} divergences"
    )
    if options.disorders:
        divergences += _run_disorders(options)
    return FINDINGS if divergences else OK


def _run_disorders(options: Namespace) -> int:
    """Print a line for each divergence, and for each disorder how many answers were deformed; return the divergences."""
    tried: Counter[str] = Counter()
    divergences: Counter[str] = Counter()
    records = fuzz_disorders(
        options.paths,
        registry,
        disorders=DISORDERS,
        seed=options.seed,
        rounds=options.rounds // _ROUNDS_SHARE,
        every_byte=options.every_byte,
    )
    for record in records:
        tried[record.disorder] += 1
        if record.divergence is not None:
            divergences[record.disorder] += 1
            out(_disorder_line(record, record.divergence))
        if record.example is not None:
            stem = f"{record.disorder}.{record.dialect}"
            _save(record.example, Path(options.out) / f"divergence.{stem}.yaml")
    for disorder in DISORDERS:
        name = disorder.name
        out(f"{name:32} {tried[name]:6} answers {divergences[name]:6} divergences")
    total = divergences.total()
    out(f"{len(DISORDERS)} disorders, {tried.total()} deformed answers: {total} divergences")
    return total


def _disorder_line(record: DisorderRecord, divergence: DisorderDivergence) -> str:
    where = f"{record.file}#{record.index}"
    at = f" at {divergence.at}" if divergence.at else ""
    return (
        f"FAIL  {record.disorder}  {record.provider}  {where}: {divergence.property}{at}: "
        f"expected {redact(divergence.expected)[:100]}, got {redact(divergence.actual)[:200]}"
    )


def _line(record: FuzzRecord) -> str:
    mark = "FAIL" if record.report.divergences else "ok"
    report = record.report
    return (
        f"{mark:4}  {record.provider:18} {record.size:8} bytes  {report.splits:4} splits  "
        f"{report.cuts:6} cuts  {record.file}#{record.index}"
    )


def _save(example: Cassette, path: Path) -> None:
    error = error_of(save_cassette(path, redact_cassette(example)))
    if error is not None:
        print_error(error)
    else:
        print_note(f"      the shortest body that shows it: {path}")
