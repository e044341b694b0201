"""Record and replay: cassettes, matching, redaction, and transports that record or replay.

transport = open_replay("tests/cassettes").unwrap()        # no network, nothing patched
LLM(config, transport=transport).ask("hello")              # the recorded response, or an error with the differences

Names are imported on first use, so that this package's plugin does not slow down the start of pytest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_pure.replay.cassette import Cassette, Interaction, parse_cassette, render_cassette
    from llm_pure.replay.cassette_files import load_cassette, save_cassette
    from llm_pure.replay.cassette_writer import CassetteRecorder, Mode, open_cassette
    from llm_pure.replay.checks.check import check_paths, report_lines
    from llm_pure.replay.checks.check_record import CheckRecord, exit_code, record_json
    from llm_pure.replay.checks.disorder_check import DisorderDivergence, check_disorders
    from llm_pure.replay.chunking import Chunking, as_recorded, random_chunks, single_bytes
    from llm_pure.replay.disorders.answer import RecordedAnswer, recorded_answer
    from llm_pure.replay.disorders.disorder import Disorder
    from llm_pure.replay.disorders.table import DISORDERS
    from llm_pure.replay.faults import AS_RECORDED, INSTANT, Fault, PlaybackOptions
    from llm_pure.replay.httpx2_client import httpx2_transport
    from llm_pure.replay.httpx_client import httpx_transport
    from llm_pure.replay.matching import Difference, MatchRules
    from llm_pure.replay.player import ReplayTransport, open_replay
    from llm_pure.replay.recorder import AsyncRecordTransport, RecordingOverride, RecordTransport
    from llm_pure.replay.recording_index import CassetteLocation, UnmatchedRequest
    from llm_pure.replay.secrets.redaction import (
        Redaction,
        before_record_request,
        before_record_response,
        redact_cassette,
        redact_interaction,
        redact_request,
        redact_response,
    )
    from llm_pure.replay.secrets.scan import SecretFinding, scan_interaction, scan_paths
    from llm_pure.replay.server import ReplayServer, serve
    from llm_pure.transports.override import override_transport

__all__ = [
    "AS_RECORDED",
    "DISORDERS",
    "INSTANT",
    "AsyncRecordTransport",
    "Cassette",
    "CassetteLocation",
    "CassetteRecorder",
    "CheckRecord",
    "Chunking",
    "Difference",
    "Disorder",
    "DisorderDivergence",
    "Fault",
    "Interaction",
    "MatchRules",
    "Mode",
    "PlaybackOptions",
    "RecordTransport",
    "RecordedAnswer",
    "RecordingOverride",
    "Redaction",
    "ReplayServer",
    "ReplayTransport",
    "SecretFinding",
    "UnmatchedRequest",
    "as_recorded",
    "before_record_request",
    "before_record_response",
    "check_disorders",
    "check_paths",
    "exit_code",
    "httpx2_transport",
    "httpx_transport",
    "load_cassette",
    "open_cassette",
    "open_replay",
    "override_transport",
    "parse_cassette",
    "random_chunks",
    "record_json",
    "recorded_answer",
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
    "single_bytes",
]

_MODULES = {
    "llm_pure.transports.override": "override_transport",
    "llm_pure.replay.chunking": "Chunking as_recorded random_chunks single_bytes",
    "llm_pure.replay.cassette": "Cassette Interaction parse_cassette render_cassette",
    "llm_pure.replay.checks.check": "check_paths report_lines",
    "llm_pure.replay.checks.check_record": "CheckRecord exit_code record_json",
    "llm_pure.replay.checks.disorder_check": "DisorderDivergence check_disorders",
    "llm_pure.replay.disorders.answer": "RecordedAnswer recorded_answer",
    "llm_pure.replay.disorders.disorder": "Disorder",
    "llm_pure.replay.disorders.table": "DISORDERS",
    "llm_pure.replay.faults": "AS_RECORDED INSTANT Fault PlaybackOptions",
    "llm_pure.replay.cassette_files": "load_cassette save_cassette",
    "llm_pure.replay.httpx2_client": "httpx2_transport",
    "llm_pure.replay.httpx_client": "httpx_transport",
    "llm_pure.replay.matching": "Difference MatchRules",
    "llm_pure.replay.recorder": "AsyncRecordTransport RecordTransport RecordingOverride",
    "llm_pure.replay.secrets.redaction": "Redaction before_record_request before_record_response redact_cassette redact_interaction redact_request redact_response",
    "llm_pure.replay.secrets.scan": "SecretFinding scan_interaction scan_paths",
    "llm_pure.replay.server": "ReplayServer serve",
    "llm_pure.replay.recording_index": "CassetteLocation UnmatchedRequest",
    "llm_pure.replay.cassette_writer": "Mode CassetteRecorder open_cassette",
    "llm_pure.replay.player": "ReplayTransport open_replay",
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names.split():
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
