"""`llm-pure stream fuzz`: split, cut and damage every recorded stream; nothing may change but how it came."""

from argparse import Namespace
from pathlib import Path

from llm_pure.cli.exit_codes import NO_INPUT, OK
from llm_pure.cli.output import out, print_note
from llm_pure.client.plugins import load_registry
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.checks.fuzz import FuzzRecord, fuzz_paths
from llm_pure.types.result import Failure

DIVERGED = 1


def run(options: Namespace) -> int:
    """A line for each stream as it is done; 1 when a law did not hold, and a minimal cassette that shows it."""
    missing = [path for path in options.paths if not Path(path).exists()]
    for path in missing:
        print_note(f"no such file or folder: {path}")
    if missing:
        return NO_INPUT
    streams = splits = cuts = damages = divergences = 0
    for record in fuzz_paths(
        options.paths,
        load_registry(),
        seed=options.seed,
        rounds=options.rounds,
        every_byte=options.every_byte,
    ):
        report = record.report
        streams, splits, cuts = streams + 1, splits + report.splits, cuts + report.cuts
        damages, divergences = damages + report.damages, divergences + len(report.divergences)
        out(_line(record))
        for one in report.divergences[:3]:
            out(f"      {one.property} at {one.at}: expected {one.expected[:100]}, got {one.actual[:200]}")
        if record.example is not None:
            _keep(record, Path(options.out))
    out(
        f"{streams} streams, {splits} splits, {cuts} cuts, {damages} damaged copies: "
        f"{divergences} divergences"
    )
    return DIVERGED if divergences else OK


def _line(record: FuzzRecord) -> str:
    mark = "FAIL" if record.report.divergences else "ok"
    report = record.report
    return (
        f"{mark:4}  {record.provider:18} {record.size:8} bytes  {report.splits:4} splits  "
        f"{report.cuts:6} cuts  {record.file}#{record.index}"
    )


def _keep(record: FuzzRecord, folder: Path) -> None:
    assert record.example is not None
    path = folder / f"divergence.{record.provider}.{Path(record.file).stem}.{record.index}.yaml"
    saved = save_cassette(path, record.example)
    if isinstance(saved, Failure):
        print_note(saved.failure().message)
    else:
        print_note(f"      the shortest body that shows it: {path}")
