"""`llm-pure image`, `speak`, `transcribe`, `moderate`, `embed` and `code`: one call each, as a table of commands.

Each command has a function that reads its request from the options, a function that makes the call, and a function that
writes the result.
"""

from argparse import Namespace
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from llm_pure.adapters import registry
from llm_pure.cli import media_files
from llm_pure.cli.arguments import MEDIA_MODELS
from llm_pure.cli.exit_codes import DATA, OK, USAGE, CommandFailed, value_or_exit
from llm_pure.cli.files import read_file, read_piped
from llm_pure.cli.model_selection import open_client, select_model
from llm_pure.cli.output import out, out_json, print_note, print_progress
from llm_pure.client.llm import LLM
from llm_pure.core.provider import Operation
from llm_pure.output.code import CodeOutput
from llm_pure.output.json_repair import Exact, Unrepairable
from llm_pure.types.operations import (
    Embeddings,
    EmbedRequest,
    ModerationRequest,
    ModerationResponse,
    Transcription,
    TranscriptionRequest,
)
from llm_pure.types.result import LLMResult

A = TypeVar("A")
R = TypeVar("R")

_JSON_FORMATS = ("json", "verbose_json", "diarized_json")
"""Transcription formats that are printed as a JSON object."""


class MediaCommand(msgspec.Struct, Generic[R, A], frozen=True, kw_only=True):
    """How a command reads its request, makes its call and writes the result."""

    read: Callable[[Namespace], R]
    call: Callable[[LLM, R], LLMResult[A]]
    write: Callable[[A, Namespace], int]
    operation: str = ""
    """Field of Provider with the operation, whose adaptations are reported."""
    unreported: Collection[str] = ()
    """Fields that the user did not set, so that their adaptations are not reported."""


def run(options: Namespace) -> int:
    """Run the command `options.command`."""
    command = _COMMANDS[options.command]
    request = command.read(options)
    selected = value_or_exit(select_model(options, MEDIA_MODELS[options.command]))
    try:
        with open_client(selected) as llm:
            _print_adaptations(llm, command, request)
            result = command.call(llm, request)
    finally:
        print_progress("")
    return command.write(value_or_exit(result), options)


def _print_adaptations(llm: LLM, command: MediaCommand[R, A], request: R) -> None:
    """Print which fields the provider does not support. If the request cannot be built, the call reports the error."""
    provider = registry.get(llm.config.api_type).value_or(None)
    operation: Operation[R, A] | None = getattr(provider, command.operation, None)
    built = None if operation is None else operation.build(llm.config, request).value_or(None)
    for adaptation in () if built is None else built.adaptations:
        if adaptation.field not in command.unreported:
            print_note(f"{adaptation.field} was {adaptation.action}: {adaptation.reason}")


def _read_text(options: Namespace) -> str:
    text = " ".join(options.text) or read_piped()
    if not text:
        raise _no_text(options)
    return text


def _read_texts(options: Namespace) -> str | tuple[str, ...]:
    """Return one text, or with --lines each argument or line, without blank ones."""
    if not options.lines:
        return _read_text(options)
    texts = tuple([text for text in options.text or read_piped().splitlines() if text.strip()])
    if not texts:
        raise _no_text(options)
    return texts


def _no_text(options: Namespace) -> CommandFailed:
    return CommandFailed(f"no text to {options.command}: pass a text, or pipe one in", USAGE)


# transcribe


def _transcription_request(options: Namespace) -> TranscriptionRequest:
    return TranscriptionRequest(
        audio=read_file(options.file),
        filename=None if options.file == "-" else Path(options.file).name,
        language=options.language,
        prompt=options.prompt,
        response_format=options.format,
    )


def _transcribe(llm: LLM, request: TranscriptionRequest) -> LLMResult[Transcription]:
    print_progress(f"sending {len(request.audio):,} bytes of audio ...")
    return llm.speech_to_text(request)


def _write_transcription(transcription: Transcription, options: Namespace) -> int:
    if options.format in _JSON_FORMATS:
        out_json(transcription, indent=2)
    else:
        out(transcription.text.rstrip("\n"))
    return OK


# moderate


def _moderate(llm: LLM, texts: str | tuple[str, ...]) -> LLMResult[ModerationResponse]:
    return llm.moderation(ModerationRequest(input=texts, model=llm.config.model or ""))


def _write_moderation(moderation: ModerationResponse, options: Namespace) -> int:
    if options.json:
        out_json(moderation, indent=2)
        return OK
    for result in moderation.results:
        categories = [name for name, flagged in result.categories.items() if flagged]
        flags = f"flagged: {', '.join(categories)}" if categories else "flagged"
        out(flags if result.flagged else "not flagged")
    return OK


# embed


def _embed_request(options: Namespace) -> EmbedRequest:
    return EmbedRequest(input=_read_texts(options), dimensions=options.dimensions)


def _embed(llm: LLM, request: EmbedRequest) -> LLMResult[Embeddings]:
    return llm.embed(
        request,
        on_progress=lambda done, total: print_progress(f"{done:,} of {total:,} texts ..."),
    )


def _write_embeddings(embeddings: Embeddings, options: Namespace) -> int:
    for vector in embeddings.vectors:
        out_json(vector)
    return OK


# code


def _write_code(output: CodeOutput, options: Namespace) -> int:
    if output.code is None:
        reason = output.repair.reason if isinstance(output.repair, Unrepairable) else ""
        raise CommandFailed(f"no code: {reason}", DATA)
    out(output.code)
    repaired = "" if isinstance(output.repair, Exact) else ", repaired"
    print_note(f"[{output.language}, from {output.origin}{repaired}]")
    return OK


_COMMANDS: dict[str, MediaCommand[Any, Any]] = {
    "image": MediaCommand(
        read=media_files.read_image_request,
        call=media_files.generate_images,
        write=media_files.write_images,
        operation="images",
        unreported=("response_format",),
    ),
    "speak": MediaCommand(
        read=media_files.read_speech_request,
        call=media_files.generate_speech,
        write=media_files.write_speech,
        operation="speech",
    ),
    "transcribe": MediaCommand(
        read=_transcription_request,
        call=_transcribe,
        write=_write_transcription,
        operation="transcribe",
    ),
    "moderate": MediaCommand(read=_read_texts, call=_moderate, write=_write_moderation),
    "embed": MediaCommand(
        read=_embed_request, call=_embed, write=_write_embeddings, operation="embed"
    ),
    "code": MediaCommand(read=_read_text, call=LLM.ask_code, write=_write_code),
}
