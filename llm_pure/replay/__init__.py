"""Record and replay: cassettes as values, matching, redaction, transports that record and that answer from a recording.

transport = open_replay("tests/cassettes").unwrap()        # no network, nothing patched
LLM(config, transport=transport).ask("hello")              # the recorded answer, or what differs from it and where

The names come when they are asked for, so that pytest starts as fast with this package's plugin as without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_pure.effects.detours import detoured
    from llm_pure.replay.borders import Borders, as_recorded, by_seed, one_byte
    from llm_pure.replay.cassette import Cassette, Interaction, parse_cassette, render_cassette
    from llm_pure.replay.check import CheckRecord, check_paths, exit_code, record_json
    from llm_pure.replay.faults import AS_RECORDED, INSTANT, Fault, Playing
    from llm_pure.replay.files import load_cassette, save_cassette
    from llm_pure.replay.match import Difference, Matching
    from llm_pure.replay.record import AsyncRecordTransport, RecordTransport, TapeDetour
    from llm_pure.replay.redact import (
        Redaction,
        before_record_request,
        before_record_response,
        redact_cassette,
        redact_interaction,
        redact_request,
        redact_response,
    )
    from llm_pure.replay.report import report_lines
    from llm_pure.replay.scan import Finding, scan_interaction, scan_paths
    from llm_pure.replay.server import ReplayServer, serve
    from llm_pure.replay.shelf import Miss, Place
    from llm_pure.replay.tape import Mode, Tape, open_tape
    from llm_pure.replay.transport import ReplayTransport, open_replay

__all__ = [
    "AS_RECORDED",
    "INSTANT",
    "AsyncRecordTransport",
    "Borders",
    "Cassette",
    "CheckRecord",
    "Difference",
    "Fault",
    "Finding",
    "Interaction",
    "Matching",
    "Miss",
    "Mode",
    "Place",
    "Playing",
    "RecordTransport",
    "Redaction",
    "ReplayServer",
    "ReplayTransport",
    "Tape",
    "TapeDetour",
    "as_recorded",
    "before_record_request",
    "before_record_response",
    "by_seed",
    "check_paths",
    "detoured",
    "exit_code",
    "load_cassette",
    "one_byte",
    "open_replay",
    "open_tape",
    "parse_cassette",
    "record_json",
    "redact_cassette",
    "redact_interaction",
    "redact_request",
    "redact_response",
    "render_cassette",
    "report_lines",
    "save_cassette",
    "scan_interaction",
    "scan_paths",
    "serve",
]

_HOMES = {
    "llm_pure.effects.detours": "detoured",
    "llm_pure.replay.borders": "Borders as_recorded by_seed one_byte",
    "llm_pure.replay.cassette": "Cassette Interaction parse_cassette render_cassette",
    "llm_pure.replay.check": "CheckRecord check_paths exit_code record_json",
    "llm_pure.replay.faults": "AS_RECORDED INSTANT Fault Playing",
    "llm_pure.replay.files": "load_cassette save_cassette",
    "llm_pure.replay.match": "Difference Matching",
    "llm_pure.replay.record": "AsyncRecordTransport RecordTransport TapeDetour",
    "llm_pure.replay.redact": "Redaction before_record_request before_record_response redact_cassette redact_interaction redact_request redact_response",
    "llm_pure.replay.report": "report_lines",
    "llm_pure.replay.scan": "Finding scan_interaction scan_paths",
    "llm_pure.replay.server": "ReplayServer serve",
    "llm_pure.replay.shelf": "Miss Place",
    "llm_pure.replay.tape": "Mode Tape open_tape",
    "llm_pure.replay.transport": "ReplayTransport open_replay",
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
