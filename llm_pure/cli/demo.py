"""`llm-pure demo`: the whole chain on a shipped cassette, with the network never touched."""

import sys
import time
from argparse import Namespace
from datetime import UTC, datetime

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli.ask import summary
from llm_pure.cli.exit_codes import OK, exit_code
from llm_pure.cli.output import ink, out, print_error
from llm_pure.core.collect import collect
from llm_pure.core.curl import to_curl
from llm_pure.core.provider import Provider
from llm_pure.replay.builtin import builtin_cassettes
from llm_pure.replay.chunking import random_chunks
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import open_replay
from llm_pure.transports.base import StreamingResponse, Timeouts
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import LLMError
from llm_pure.types.events import ReasoningDelta, StreamEvent, TextDelta, UsageReported
from llm_pure.types.http import HttpRequest
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult

QUESTION = "Why are pure functions easy to test?"
CONFIG = LLMConfig(api_type="openai", model="gpt-5-mini", api_key="sk-never-shown-anywhere")
PAUSE_S = 0.03


def run(options: Namespace) -> int:
    """Build, replay, decode, collect; each step is shown. The pauses are for the eye, and only on a terminal."""
    provider = registry.get(CONFIG.api_type).unwrap()
    request = ChatRequest(messages=QUESTION, stream=True)
    built = provider.build_chat(CONFIG, request)
    if isinstance(built, Failure):
        return _failed(built.failure())
    made = built.unwrap()
    _heading(1, "LLMConfig + ChatRequest -> HttpRequest", "build_chat: pure, no secret in it")
    _show_request(made.request)
    _show_curl(provider, made.request)
    signed = provider.authorize(CONFIG, made.request, datetime.now(UTC))
    if isinstance(signed, Failure):
        return _failed(signed.failure())
    _heading(2, "the same, signed", "authorize: repr never shows the key")
    out(f"  {signed.unwrap()!r}"[:200] + " ...")
    _heading(3, "bytes -> StreamEvents", "a shipped cassette, its body cut anywhere")
    return _answer(provider, signed.unwrap())


def _answer(provider: Provider, request: HttpRequest) -> int:
    opened = open_replay(
        builtin_cassettes() / provider.name,
        matching=MatchRules(origin=False),
        borders=random_chunks(2026, largest=200),
    )
    if isinstance(opened, Failure):
        return _failed(opened.failure())
    with opened.unwrap().stream(request, Timeouts()) as answer:
        if isinstance(answer, Failure):
            return _failed(answer.failure())
        events = _decode(provider, answer.unwrap())
    if isinstance(events, Failure):
        return _failed(events.failure())
    _heading(4, "StreamEvents -> Completion", "collect: equal to the same answer parsed whole")
    whole = collect(events.unwrap())
    if isinstance(whole, Failure):
        return _failed(whole.failure())
    _show_completion(whole.unwrap())
    return OK


def _decode(provider: Provider, answer: StreamingResponse) -> LLMResult[list[StreamEvent]]:
    decoder = provider.open_stream(answer.head)
    events: list[StreamEvent] = []
    for piece in answer:
        fed = piece.bind(decoder.feed)
        if isinstance(fed, Failure):
            return fed
        for event in fed.unwrap():
            _show_event(event)
        events += fed.unwrap()
    return decoder.close().map(lambda last: [*events, *last])


def _failed(error: LLMError) -> int:
    print_error(error)
    return exit_code(error)


def _heading(number: int, title: str, remark: str) -> None:
    colour = ink(sys.stdout)
    out(f"\n{colour.bold(f'{number}. {title}')}  {colour.dim(remark)}")


def _show_request(request: HttpRequest) -> None:
    colour = ink(sys.stdout)
    out(f"  {colour.blue(request.method)} {request.url}")
    for name, value in request.headers:
        out(f"  {colour.blue(name)}: {value}")
    out(_indented(msgspec.json.format(request.body, indent=2).decode()))


def _show_curl(provider: Provider, request: HttpRequest) -> None:
    """The key stands in it as the shell's variable."""
    colour = ink(sys.stdout)
    config = msgspec.structs.replace(CONFIG, api_key=f"${provider.api_key_env[0]}")
    signed = provider.authorize(config, request, datetime.now(UTC)).value_or(request)
    out(colour.dim("  as curl:"))
    out(colour.dim(_indented(to_curl(signed))))


def _show_event(event: StreamEvent) -> None:
    colour = ink(sys.stdout)
    kind = str(event.__struct_config__.tag)
    if isinstance(event, UsageReported):
        event = UsageReported(msgspec.structs.replace(event.usage, raw=None))
    told = {
        name: value
        for name, value in msgspec.structs.asdict(event).items()
        if value not in (0, "", None, False) and name != "index"
    }
    shown = (
        colour.green(repr(told.pop("text")))
        if isinstance(event, TextDelta | ReasoningDelta)
        else ""
    )
    more = " ".join([f"{name}={value!r}" for name, value in told.items()])
    out(f"  {colour.blue(f'{kind:15}')} {shown}{colour.dim(more)}")
    if sys.stdout.isatty():
        time.sleep(PAUSE_S)


def _show_completion(completion: Completion) -> None:
    colour = ink(sys.stdout)
    out(_indented(colour.bold(completion.text)))
    out(f"  {colour.dim(summary(completion))}")
    out(f"  {colour.dim(repr(msgspec.structs.replace(completion.usage, raw=None)))}")


def _indented(text: str) -> str:
    return "\n".join([f"  {line}" for line in text.splitlines()])
