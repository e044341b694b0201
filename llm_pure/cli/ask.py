"""`llm-pure ask`: one question; the answer streams to standard output, everything else to standard error."""

import os
from argparse import Namespace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from llm_pure.cli.attached import with_images
from llm_pure.cli.cost_report import LEDGER_VARIABLE
from llm_pure.cli.exit_codes import CONFIGURATION, OK, USAGE, exit_code
from llm_pure.cli.model_selection import Chosen, choose, open_client
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.cli.prompt import ask_for, read_question
from llm_pure.client.billing import BudgetInput
from llm_pure.client.budgets import InMemoryBudget, PerCallLimit
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.from_settings import budget_of
from llm_pure.client.llm import LLM
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay.builtin import builtin_cassettes
from llm_pure.replay.matching import MatchRules
from llm_pure.replay.player import ReplayTransport, open_replay
from llm_pure.transports.base import Timeouts
from llm_pure.types.completion import Completion
from llm_pure.types.config import SECRET_FIELDS
from llm_pure.types.errors import InvalidConfiguration, LLMError, StreamInterrupted
from llm_pure.types.events import ReasoningDelta, RefusalDelta, StreamEvent, TextDelta
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success


def run(options: Namespace) -> int:
    """Ask, print, and tell by the exit code how it went."""
    text = read_question(options.text)
    if not text.strip():
        print_note("nothing to ask: give a text, or pipe one in")
        return USAGE
    chosen = choose(options)
    if isinstance(chosen, Failure):
        return _ended(chosen.failure())
    who = chosen.unwrap()
    asked = with_images(ask_for(text, options.system, stream=options.stream), options.image)
    if isinstance(asked, Failure):
        return _ended(asked.failure())
    request = asked.unwrap()
    missing = _missing_key(who, request)
    if missing is not None:
        return _from_cassettes(who, request, options, missing)
    budget = _budget(who, options.max_cost)
    if isinstance(budget, Failure):
        return _ended(budget.failure())
    with open_client(who, budget=budget.unwrap()) as llm:
        cut = llm.compress_request(request)
        if isinstance(cut, Failure):
            return _ended(cut.failure())
        return _answer(llm, cut.unwrap(), options)


def _budget(who: Chosen, limit: Decimal | None) -> LLMResult[BudgetInput | None]:
    """What this call may cost: the files' budget, kept in the ledger that the environment names, where it names one.

    limit: of this one call.
    """
    whole = budget_of(who.setup.cost_control)
    path = os.environ.get(LEDGER_VARIABLE)
    if path:
        opened = open_ledger(path, whole)
        if isinstance(opened, Failure) or limit is None:
            return opened
        return Success(PerCallLimit(opened.unwrap(), limit))
    if whole is None:
        return Success(limit)
    return Success(whole if limit is None else PerCallLimit(InMemoryBudget(whole), limit))


def _missing_key(who: Chosen, request: ChatRequest) -> InvalidConfiguration | None:
    """The error for credentials that are not there; None when there are some, or something else is wrong."""
    built = who.provider.build_chat(who.config, request)
    if isinstance(built, Failure):
        return None
    signed = who.provider.authorize(who.config, built.unwrap().request, datetime.now(UTC))
    error = signed.failure() if isinstance(signed, Failure) else None
    if isinstance(error, InvalidConfiguration) and error.field in SECRET_FIELDS:
        return error
    return None


def _from_cassettes(
    who: Chosen, request: ChatRequest, options: Namespace, missing: InvalidConfiguration
) -> int:
    """Without a key: the shipped recordings, when they hold this very question."""
    opened = open_replay(
        builtin_cassettes() / who.provider.name, matching=MatchRules(origin=False), again=True
    )
    if isinstance(opened, Failure):
        print_error(missing)
        return CONFIGURATION
    replay: ReplayTransport = opened.unwrap()
    stand_in = msgspec.structs.replace(who.config, api_key="not-sent-anywhere", base_url=None)
    built = who.provider.build_chat(stand_in, request)
    taken = built.bind(lambda made: replay.send(made.request, Timeouts()))
    if isinstance(taken, Failure):
        print_error(missing)
        return CONFIGURATION
    print_note(
        f"no key for {who.provider.name}: this is a recorded answer, from a server on loopback"
    )
    with LLM(stand_in, transport=replay, retry=NO_RETRY) as llm:
        return _answer(llm, request, options)


def _answer(llm: LLM, request: ChatRequest, options: Namespace) -> int:
    printer = _Printer(quiet=options.json)
    answer = llm.completion(request, on_event=printer.show)
    printer.end()
    if options.json and not isinstance(answer, Failure):
        out(completion_json(answer.unwrap()))
        return OK
    return _told(answer)


def _told(answer: LLMResult[Completion]) -> int:
    """Usage and the reason for stopping, or what went wrong."""
    if isinstance(answer, Failure):
        return _ended(answer.failure())
    completion = answer.unwrap()
    for call in completion.tool_calls:
        print_note(f"tool call: {call.name}({call.arguments})")
    print_note(summary(completion))
    return OK


def _ended(error: LLMError) -> int:
    print_error(error)
    if isinstance(error, StreamInterrupted) and error.partial is not None and error.partial.text:
        print_note("the answer above is cut off")
    return exit_code(error)


class _Printer:
    """Writes an answer while it comes: words to standard output, thoughts to standard error."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._open = ""  # which of "text" and "thought" has an unfinished line

    def show(self, event: StreamEvent) -> None:
        """One event; most say nothing to people."""
        if self._quiet:
            return
        match event:
            case ReasoningDelta(text=text) if text:
                self._turn_to("thought")
                print_note(text, end="")
            case TextDelta(text=text) | RefusalDelta(text=text):
                self._turn_to("text")
                out(text, end="")
            case _:
                pass

    def end(self) -> None:
        """Finish the line that is open."""
        self._turn_to("")

    def _turn_to(self, kind: str) -> None:
        if self._open == kind:
            return
        if self._open == "thought":
            print_note("")
        if self._open == "text":
            out("")
        self._open = kind


def summary(completion: Completion) -> str:
    """Model, tokens and the reason for stopping, in one line."""
    usage = completion.usage
    counted = {
        "in": usage.input_tokens,
        "cached": usage.cached_input_tokens or None,
        "out": usage.output_tokens,
        "reasoning": usage.reasoning_tokens or None,
    }
    tokens = [f"{count} {name}" for name, count in counted.items() if count is not None]
    model = completion.model or "unknown model"
    told = f"tokens {', '.join(tokens)}" if tokens else "no usage reported"
    return f"[{completion.provider}:{model} · {told} · {completion.finish_reason}]"


def completion_json(completion: Completion) -> str:
    """The Completion as a JSON document, with text, reasoning and tool calls ready to read at its top."""
    fields: dict[str, Any] = {
        "text": completion.text,
        "reasoning": completion.reasoning,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in completion.tool_calls
        ],
        **msgspec.to_builtins(completion),
    }
    return msgspec.json.format(msgspec.json.encode(fields), indent=2).decode()
