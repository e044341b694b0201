"""`llm-pure stream fuzz`: split, cut and corrupt every recorded stream, and check the results."""

from argparse import Namespace
from pathlib import Path

from llm_pure.cli.exit_codes import FINDINGS, OK
from llm_pure.cli.files import require_paths
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.client.plugins import load_registry
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.cassette_files import save_cassette
from llm_pure.replay.checks.fuzz import FuzzRecord, fuzz_paths
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """Print a line for each stream; 1 if a result is wrong, and a minimal cassette that shows it."""
    require_paths(*options.paths)
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
        for divergence in report.divergences[:3]:
            expected, actual = divergence.expected[:100], divergence.actual[:200]
            out(
                f"      {divergence.property} at {divergence.at}: expected {expected}, got {actual}"
            )
        if record.example is not None:
            _save(record.example, record, Path(options.out))
    out(
        f"{streams} streams, {splits} splits, {cuts} cuts, {damages} corrupted copies: "
        f"{divergences} divergences"
    )
    return FINDINGS if divergences else OK


def _line(record: FuzzRecord) -> str:
    mark = "FAIL" if record.report.divergences else "ok"
    report = record.report
    return (
        f"{mark:4}  {record.provider:18} {record.size:8} bytes  {report.splits:4} splits  "
        f"{report.cuts:6} cuts  {record.file}#{record.index}"
    )


def _save(example: Cassette, record: FuzzRecord, folder: Path) -> None:
    path = folder / f"divergence.{record.provider}.{Path(record.file).stem}.{record.index}.yaml"
    saved = save_cassette(path, example)
    if isinstance(saved, Failure):
        print_error(saved.failure())
    else:
        print_note(f"      the shortest body that shows it: {path}")
