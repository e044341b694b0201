"""Record and replay: cassettes as values, matching, redaction, and a transport that answers from them.

transport = open_replay("tests/cassettes").unwrap()        # no network, nothing patched
LLM(config, transport=transport).ask("hello")              # the recorded answer, or what differs from it and where
"""

from llm_pure.replay.borders import Borders, as_recorded, by_seed, one_byte
from llm_pure.replay.cassette import Cassette, Interaction, parse_cassette, render_cassette
from llm_pure.replay.check import CheckRecord, check_paths, exit_code, record_json
from llm_pure.replay.files import load_cassette, save_cassette
from llm_pure.replay.match import Difference, Matching
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
from llm_pure.replay.shelf import Miss, Place
from llm_pure.replay.transport import ReplayTransport, open_replay

__all__ = [
    "Borders",
    "Cassette",
    "CheckRecord",
    "Difference",
    "Interaction",
    "Matching",
    "Miss",
    "Place",
    "Redaction",
    "ReplayTransport",
    "as_recorded",
    "before_record_request",
    "before_record_response",
    "by_seed",
    "check_paths",
    "exit_code",
    "load_cassette",
    "one_byte",
    "open_replay",
    "parse_cassette",
    "record_json",
    "redact_cassette",
    "redact_interaction",
    "redact_request",
    "redact_response",
    "render_cassette",
    "report_lines",
    "save_cassette",
]
