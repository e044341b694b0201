"""What the commands for pictures, sound, vectors and code have in common: the words, the call, what is told of it."""

import sys
from argparse import Namespace
from collections.abc import Callable, Collection
from typing import Any, Literal

from llm_pure.cli.exit_codes import exit_code
from llm_pure.cli.media_parser import MODELS
from llm_pure.cli.model_selection import choose, open_client
from llm_pure.cli.output import print_error, print_note
from llm_pure.client.llm import LLM
from llm_pure.client.plugins import find_provider, load_registry
from llm_pure.core.provider import Operation
from llm_pure.types.result import Failure, LLMResult


def asked(options: Namespace, call: Callable[[LLM], LLMResult[Any]]) -> LLMResult[Any]:
    """The call, with a client of the model that was named."""
    chosen = choose(options, MODELS[options.command])
    if isinstance(chosen, Failure):
        return chosen
    with open_client(chosen.unwrap()) as llm:
        return call(llm)


def request_notes(
    llm: LLM,
    medium: Literal["images", "speech", "transcribe", "embed"],
    request: Any,
    but: Collection[str] = (),
) -> None:
    """Tells what of the request this service does not take. but: fields that were not the user's wish."""
    provider = find_provider(llm.config.api_type, load_registry()).value_or(None)
    operation: Operation[Any, Any] | None = getattr(provider, medium, None)
    built = None if operation is None else operation.build(llm.config, request)
    if built is None or isinstance(built, Failure):
        return  # the call tells why
    for one in built.unwrap().adaptations:
        if one.field not in but:
            print_note(f"{one.field} was {one.action}: {one.reason}")


def words(options: Namespace) -> str:
    """The words of the command line, else what is piped in."""
    spoken = " ".join(options.text)
    return spoken or piped()


def lines(options: Namespace) -> tuple[str, ...]:
    """Several texts: each word of the command line, else each line that is piped in; empty ones are none."""
    texts = options.text or piped().splitlines()
    return tuple([text for text in texts if text.strip()])


def piped() -> str:
    """Standard input; "" where it is a terminal, or not there."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip()


def failed(got: Failure[Any]) -> int:
    """The exit code, once the error is told."""
    print_error(got.failure())
    return exit_code(got.failure())


__all__ = ["asked", "failed", "lines", "piped", "request_notes", "words"]
