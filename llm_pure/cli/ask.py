"""`llm-pure ask`: ask a model a question; the text streams to standard output, all else to standard error."""

import os
from argparse import Namespace
from decimal import Decimal
from typing import Any

import msgspec

from llm_pure.cli.exit_codes import OK, value_or_exit
from llm_pure.cli.model_selection import LEDGER_ENV, SelectedModel, open_client, select_model
from llm_pure.cli.output import out, out_json, print_error, print_note
from llm_pure.cli.prompt import read_request
from llm_pure.client.billing import BudgetInput
from llm_pure.client.budgets import InMemoryBudget, PerCallLimit
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.completeness import require_complete
from llm_pure.client.from_settings import budget_of
from llm_pure.client.llm import LLM
from llm_pure.types.completion import Completion
from llm_pure.types.errors import IncompleteAnswer, StreamInterrupted
from llm_pure.types.events import ReasoningDelta, RefusalDelta, StreamEvent, TextDelta
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, error_of

INCOMPLETE = "the text above is incomplete"


def run(options: Namespace) -> int:
    """Print the completion, also an incomplete one, which ends in exit code 65."""
    request = read_request(options)
    selected = value_or_exit(select_model(options))
    with open_client(selected, budget=_budget(selected, options.max_cost)) as llm:
        request = value_or_exit(llm.compress_request(request))
        result = _complete(llm, request, options)
    return _print_result(result, options)


def _budget(selected: SelectedModel, limit_usd: Decimal | None) -> BudgetInput | None:
    """Return the budget of the files, kept in the ledger of $LLM_PURE_LEDGER if set. limit_usd: for this call."""
    budget = budget_of(selected.settings.cost_control)
    path = os.environ.get(LEDGER_ENV)
    if path:
        ledger = value_or_exit(open_ledger(path, budget))
        return ledger if limit_usd is None else PerCallLimit(ledger, limit_usd)
    if budget is None or limit_usd is None:
        return budget or limit_usd
    return PerCallLimit(InMemoryBudget(budget), limit_usd)


def _complete(llm: LLM, request: ChatRequest, options: Namespace) -> LLMResult[Completion]:
    """Return the completion, once its text is printed."""
    printer = _Printer(quiet=options.json)
    result = llm.completion(request, on_event=printer.print)
    printer.end()
    return result


def _print_result(result: LLMResult[Completion], options: Namespace) -> int:
    """Print what follows the text: tool calls and usage, or the error."""
    if isinstance(result, Failure):
        error = result.failure()
        code = print_error(error)
        if isinstance(error, StreamInterrupted) and error.partial and error.partial.text:
            print_note(INCOMPLETE)
        return code
    completion = result.unwrap()
    if options.json:
        out_json(completion_fields(completion), indent=2)
    else:
        for call in completion.tool_calls:
            print_note(f"tool call: {call.name}({call.arguments})")
        print_note(summary(completion))
    stopped = error_of(require_complete(completion))
    if stopped is None:
        return OK
    if isinstance(stopped, IncompleteAnswer):
        print_note(INCOMPLETE)
    return print_error(stopped)


class _Printer:
    """Prints events as they come: text to standard output, reasoning to standard error."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._unfinished = ""
        """Which of "text" and "reasoning" has an unfinished line."""

    def print(self, event: StreamEvent) -> None:
        """Print a text or reasoning event; ignore others."""
        if self._quiet:
            return
        match event:
            case ReasoningDelta(text=text) if text:
                self._switch_to("reasoning")
                print_note(text, end="")
            case TextDelta(text=text) | RefusalDelta(text=text):
                self._switch_to("text")
                out(text, end="")
            case _:
                pass

    def end(self) -> None:
        """Finish the unfinished line."""
        self._switch_to("")

    def _switch_to(self, kind: str) -> None:
        if self._unfinished == kind:
            return
        if self._unfinished == "reasoning":
            print_note("")
        if self._unfinished == "text":
            out("")
        self._unfinished = kind


def summary(completion: Completion) -> str:
    """Return model, tokens and finish reason in one line."""
    usage = completion.usage
    counts = {
        "in": usage.input_tokens,
        "cached": usage.cached_input_tokens or None,
        "out": usage.output_tokens,
        "reasoning": usage.reasoning_tokens or None,
    }
    tokens = [f"{count} {name}" for name, count in counts.items() if count is not None]
    model = completion.model or "unknown model"
    usage_text = f"tokens {', '.join(tokens)}" if tokens else "no usage reported"
    return f"[{completion.provider}:{model} · {usage_text} · {completion.finish_reason}]"


def completion_fields(completion: Completion) -> dict[str, Any]:
    """Return the fields of a completion for JSON, with its text, reasoning and tool calls first."""
    return {
        "text": completion.text,
        "reasoning": completion.reasoning,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in completion.tool_calls
        ],
        **msgspec.to_builtins(completion),
    }
