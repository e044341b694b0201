"""`llm-pure build`: the exact request, printed and not sent; with --curl as a command that sends it."""

import os
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llm_pure.cli.credentials import named_credentials
from llm_pure.cli.exit_codes import OK, USAGE, exit_code
from llm_pure.cli.model_selection import Chosen, choose
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.cli.prompt import ask_for, read_question
from llm_pure.core.curl import to_curl
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest, redact_headers, redact_url
from llm_pure.types.result import Failure, LLMResult, Success


def run(options: Namespace) -> int:
    """Print the request; what could not be sent as it was asked goes to standard error."""
    text = read_question(options.text)
    if not text.strip():
        print_note("nothing to ask: give a text, or pipe one in")
        return USAGE
    chosen = choose(options)
    if isinstance(chosen, Failure):
        return _ended(chosen.failure())
    who = chosen.unwrap()
    built = who.provider.build_chat(
        who.config, ask_for(text, options.system, stream=options.stream)
    )
    if isinstance(built, Failure):
        return _ended(built.failure())
    made = built.unwrap()
    for one in made.adaptations:
        print_note(f"{one.field} {one.action}: {one.reason}")
    request = made.request
    told = _curl(who, request, head=options.include) if options.curl else Success(_json(request))
    if isinstance(told, Failure):
        return _ended(told.failure())
    out(told.unwrap())
    return OK


def _ended(error: LLMError) -> int:
    print_error(error)
    return exit_code(error)


def _json(request: HttpRequest) -> str:
    """{method, url, headers, body}, the body as JSON where it is some."""
    shown: dict[str, Any] = {
        "method": request.method,
        "url": redact_url(request.url),
        "headers": dict(redact_headers(request.headers)),
        "body": _readable(request.body),
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _readable(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")


def _curl(who: Chosen, request: HttpRequest, *, head: bool) -> LLMResult[str]:
    """The command, with the shell's variables in the place of credentials."""
    plain = msgspec.structs.replace(request, url=redact_url(request.url))
    if plain != request:
        print_note(
            "the credentials in the base URL are not printed: write them in the place of ***"
        )
    named = named_credentials(who.provider, who.config, os.environ, plain, datetime.now(UTC))
    if isinstance(named, Failure):
        return named
    ready = named.unwrap()
    if ready.options and "%" in urlsplit(plain.url).path:
        print_note("older curls sign a path with % in it wrongly (curl issue 16927): use a new one")
    options = ("--include", *ready.options) if head else ready.options
    return Success(to_curl(ready.request, options=options))
