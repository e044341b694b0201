"""`llm-pure translate`: a saved request, answer, stream or log in another dialect; what is lost goes to standard error."""

import sys
from argparse import Namespace

import msgspec

from llm_pure.cli.exit_codes import DATA, NO_INPUT, OK, CommandFailed, exit_code, value_or_exit
from llm_pure.cli.files import read_file
from llm_pure.cli.output import out, out_json, print_error, print_note
from llm_pure.server.bodies import TranslatedBody, body_kind, dialect_name, translate_body
from llm_pure.types.result import Failure, LLMResult


def run(options: Namespace) -> int:
    """Print the body. 64 for an unknown dialect, 65 if a body cannot be translated, 66 without input."""
    for name in (options.from_dialect, options.to_dialect):
        value_or_exit(dialect_name(name))
    data = read_file(options.file)
    if not data.strip():
        raise CommandFailed("nothing to translate: the input is empty", NO_INPUT)
    if body_kind(data) == "log":
        return _translate_log(data, options)
    result = _translate(data, options)
    if isinstance(result, Failure):
        if options.json:
            out_json(_fields(result, None))
        return print_error(result.failure())
    translated = result.unwrap()
    _print(result, translated, options, None)
    if translated.error is None or translated.kind == "answer":
        return OK  # an error that was recorded is translated like an answer
    return exit_code(translated.error)


def _translate(data: bytes, options: Namespace) -> LLMResult[TranslatedBody]:
    return translate_body(
        data,
        options.from_dialect,
        options.to_dialect,
        model=options.model or "",
        stream=options.stream,
        status=options.status,
        strict=options.strict,
    )


def _translate_log(data: bytes, options: Namespace) -> int:
    """Translate each line; those that cannot be are reported, and the others are printed."""
    failed = 0
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        result = _translate(line, options)
        if isinstance(result, Failure):
            failed += 1
            print_note(f"line {number}:", end=" ")
            print_error(result.failure())
            if options.json:
                out_json(_fields(result, number))
            continue
        _print(result, result.unwrap(), options, number)
    if failed:
        print_note(f"{failed} line{'s' if failed != 1 else ''} could not be translated")
    return DATA if failed else OK


def _print(
    result: LLMResult[TranslatedBody],
    translated: TranslatedBody,
    options: Namespace,
    number: int | None,
) -> None:
    at = "" if number is None else f"line {number}: "
    for adaptation in translated.adaptations:
        print_note(f"{at}{adaptation.field} {adaptation.action}: {adaptation.reason}")
    if options.json:
        out_json(_fields(result, number))
        return
    if number is None and translated.url:
        print_note(f"POST {translated.url}")
    if translated.kind == "stream":
        sys.stdout.flush()
        out(translated.body.decode("utf-8", "replace"), end="")
    else:
        out(translated.body.decode("utf-8", "replace"))
    if translated.error is not None:
        print_note(f"{at}the answer is an error", end=": ")
        print_error(translated.error)


def _fields(result: LLMResult[TranslatedBody], number: int | None) -> dict[str, object]:
    """{line?, kind, url, body, adaptations, error}."""
    line = {} if number is None else {"line": number}
    if isinstance(result, Failure):
        error = result.failure()
        shown = {"kind": error.kind, "message": error.message}
        return {**line, "kind": "", "url": "", "body": None, "adaptations": [], "error": shown}
    translated = result.unwrap()
    body: object = translated.body.decode("utf-8", "replace")
    if translated.kind != "stream":
        body = msgspec.Raw(translated.body)
    failure = translated.error
    return {
        **line,
        "kind": translated.kind,
        "url": translated.url,
        "body": body,
        "adaptations": [
            {"field": change.field, "action": change.action, "reason": change.reason}
            for change in translated.adaptations
        ],
        "error": None if failure is None else {"kind": failure.kind, "message": failure.message},
    }
