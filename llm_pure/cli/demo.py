"""`llm-pure demo`: build, sign, decode and collect on a bundled cassette, offline."""

import sys
import time
from argparse import Namespace
from datetime import UTC, datetime

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.ask import summary
from llm_pure.cli.exit_codes import OK, value_or_exit
from llm_pure.cli.output import colors, out
from llm_pure.core.collect import collect
from llm_pure.core.curl import to_curl
from llm_pure.core.provider import Provider
from llm_pure.replay.cassette_files import builtin_cassettes
from llm_pure.replay.chunking import random_chunks
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import open_replay
from llm_pure.settings.config_parser import with_file_defaults
from llm_pure.transports.base import StreamingResponse, Timeouts
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import ReasoningDelta, StreamEvent, TextDelta, UsageReported
from llm_pure.types.http import HttpRequest
from llm_pure.types.request import ChatRequest

QUESTION = "Why are pure functions easy to test?"
CONFIG = with_file_defaults(  # as the cassette was recorded
    LLMConfig(api_type="openai", model="gpt-5-mini", api_key="sk-never-shown-anywhere")
)
PAUSE_S = 0.03


def run(options: Namespace) -> int:
    """Run and print each step. On a terminal, pause after each event so that the stream is visible."""
    provider = value_or_exit(registry.get(CONFIG.api_type))
    built = value_or_exit(provider.build_chat(CONFIG, ChatRequest(messages=QUESTION, stream=True)))
    _heading(1, "LLMConfig + ChatRequest -> HttpRequest", "build_chat: pure, without secrets")
    _show_request(built.request)
    _show_curl(provider, built.request)
    signed = value_or_exit(provider.authorize(CONFIG, built.request, datetime.now(UTC)))
    _heading(2, "the same, signed", "authorize: repr never shows the key")
    out(f"  {signed!r}"[:200] + " ...")
    _heading(3, "bytes -> StreamEvents", "a bundled cassette, its body split at random")
    folder = builtin_cassettes() / provider.name
    replay = value_or_exit(
        open_replay(
            folder, matching=MatchRules(origin=False), borders=random_chunks(2026, largest=200)
        )
    )
    with replay.stream(signed, Timeouts()) as response:
        events = _decode(provider, value_or_exit(response))
    _heading(4, "StreamEvents -> Completion", "collect: equals the parsed unary response")
    _show_completion(value_or_exit(collect(events)))
    return OK


def _decode(provider: Provider, response: StreamingResponse) -> list[StreamEvent]:
    decoder = provider.open_stream(response.head)
    events: list[StreamEvent] = []
    for chunk in response:
        decoded = value_or_exit(chunk.bind(decoder.feed))
        for event in decoded:
            _show_event(event)
        events += decoded
    return [*events, *value_or_exit(decoder.close())]


def _heading(number: int, title: str, remark: str) -> None:
    color = colors(sys.stdout)
    out(f"\n{color.bold(f'{number}. {title}')}  {color.dim(remark)}")


def _show_request(request: HttpRequest) -> None:
    color = colors(sys.stdout)
    out(f"  {color.blue(request.method)} {request.url}")
    for name, value in request.headers:
        out(f"  {color.blue(name)}: {value}")
    out(_indented(msgspec.json.format(request.body, indent=2).decode()))


def _show_curl(provider: Provider, request: HttpRequest) -> None:
    """Show the curl command, with $VARIABLE in place of the key."""
    color = colors(sys.stdout)
    name = provider.api_key_env[0]
    config = msgspec.structs.replace(CONFIG, api_key=f"${name}")
    signed = provider.authorize(config, request, datetime.now(UTC)).value_or(request)
    out(color.dim("  as curl:"))
    out(color.dim(_indented(to_curl(signed, variables={f"${name}": name}))))


def _show_event(event: StreamEvent) -> None:
    color = colors(sys.stdout)
    kind = str(event.__struct_config__.tag)
    if isinstance(event, UsageReported):
        event = UsageReported(msgspec.structs.replace(event.usage, raw=None))
    fields = {
        name: value
        for name, value in msgspec.structs.asdict(event).items()
        if value not in (0, "", None, False) and name != "index"
    }
    text = (
        color.green(repr(fields.pop("text")))
        if isinstance(event, TextDelta | ReasoningDelta)
        else ""
    )
    more = " ".join([f"{name}={value!r}" for name, value in fields.items()])
    out(f"  {color.blue(f'{kind:15}')} {text}{color.dim(more)}")
    if sys.stdout.isatty():
        time.sleep(PAUSE_S)


def _show_completion(completion: Completion) -> None:
    color = colors(sys.stdout)
    out(_indented(color.bold(completion.text)))
    out(f"  {color.dim(summary(completion))}")
    out(f"  {color.dim(repr(msgspec.structs.replace(completion.usage, raw=None)))}")


def _indented(text: str) -> str:
    return "\n".join([f"  {line}" for line in text.splitlines()])
