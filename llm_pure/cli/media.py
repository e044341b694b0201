"""`llm-pure image`, `speak`, `transcribe`, `moderate`, `embed` and `code`: one call each, answers to files or stdout."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import msgspec

from llm_pure.cli.exit_codes import DATA, OK, USAGE
from llm_pure.cli.files import read_file
from llm_pure.cli.media_calls import asked, failed, lines, request_notes, words
from llm_pure.cli.media_files import image, speak
from llm_pure.cli.output import out, print_note, print_progress
from llm_pure.client.llm import LLM
from llm_pure.output.json_repair import Exact, Unrepairable
from llm_pure.types.operations import (
    Embeddings,
    EmbedRequest,
    ModerationRequest,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.result import Failure, LLMResult

_OBJECTS = ("json", "verbose_json", "diarized_json")
"""Formats of a transcript that are printed as a JSON object."""


def run(options: Namespace) -> int:
    """The command that was named."""
    return _COMMANDS[options.command](options)


def _transcribe(options: Namespace) -> int:
    data = read_file(options.file)
    if isinstance(data, int):
        return data
    request = TranscriptionRequest(
        audio=data,
        filename=None if options.file == "-" else Path(options.file).name,
        language=options.language,
        prompt=options.prompt,
        response_format=options.format,
    )

    def call(llm: LLM) -> LLMResult[Transcription]:
        request_notes(llm, "transcribe", request)
        print_progress(f"sending {len(data):,} bytes, and waiting for the words ...")
        return llm.speech_to_text(request)

    got = asked(options, call)
    print_progress("")
    if isinstance(got, Failure):
        return failed(got)
    told: Transcription = got.unwrap()
    out(_json(told) if options.format in _OBJECTS else told.text.rstrip("\n"))
    return OK


def _moderate(options: Namespace) -> int:
    texts = lines(options) if options.lines else words(options)
    if not texts:
        return _nothing("judge")
    got = asked(
        options,
        lambda llm: llm.moderation(ModerationRequest(input=texts, model=llm.config.model or "")),
    )
    if isinstance(got, Failure):
        return failed(got)
    if options.json:
        out(_json(got.unwrap()))
        return OK
    for result in got.unwrap().results:
        found = [name for name, is_so in result.categories.items() if is_so]
        out(f"flagged: {', '.join(found)}".rstrip(": ") if result.flagged else "not flagged")
    return OK


def _embed(options: Namespace) -> int:
    texts = lines(options) if options.lines else words(options)
    if not texts:
        return _nothing("embed")
    request = EmbedRequest(input=texts, dimensions=options.dimensions)

    def call(llm: LLM) -> LLMResult[Embeddings]:
        request_notes(llm, "embed", request)
        return llm.embed(
            request,
            on_progress=lambda done, whole: print_progress(f"{done:,} of {whole:,} texts ..."),
        )

    got = asked(options, call)
    print_progress("")
    if isinstance(got, Failure):
        return failed(got)
    for vector in got.unwrap().vectors:
        out(msgspec.json.encode(vector).decode())
    return OK


def _code(options: Namespace) -> int:
    text = words(options)
    if not text:
        return _nothing("write code for")
    got = asked(options, lambda llm: llm.ask_code(text))
    if isinstance(got, Failure):
        return failed(got)
    answer = got.unwrap()
    if answer.code is None:
        print_note(
            f"no code: {answer.repair.reason if isinstance(answer.repair, Unrepairable) else ''}"
        )
        return DATA
    out(answer.code)
    mended = "" if isinstance(answer.repair, Exact) else ", repaired"
    print_note(f"[{answer.language}, from {answer.origin}{mended}]")
    return OK


def _nothing(what: str) -> int:
    print_note(f"nothing to {what}: give a text, or pipe one in")
    return USAGE


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "image": image,
    "speak": speak,
    "transcribe": _transcribe,
    "moderate": _moderate,
    "embed": _embed,
    "code": _code,
}

__all__ = ["run"]
