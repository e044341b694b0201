"""`llm-pure image`, `speak`, `transcribe`, `moderate`, `embed` and `code`: one call each, answers to files or stdout."""

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from llm_pure.cli.exits import CANNOT_WRITE, DATA, OK, exit_code
from llm_pure.cli.files import read_file, write_file
from llm_pure.cli.model import choose, open_client
from llm_pure.cli.terminal import complain, note, out
from llm_pure.effects.client import LLM
from llm_pure.media_operations import ImageRequest, SpeechRequest, TranscribeRequest
from llm_pure.operations import EmbedRequest
from llm_pure.repair import Exact, Unrepairable
from llm_pure.result import Failure, Parsed

MODELS = {
    "image": "openai:gpt-image-1",
    "speak": "openai:gpt-4o-mini-tts",
    "transcribe": "openai:gpt-4o-mini-transcribe",
    "moderate": "openai:omni-moderation-latest",
    "embed": "openai:text-embedding-3-small",
    "code": None,
}
"""What is asked where -m names nothing; None asks the default model."""

_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}


def run(options: Namespace) -> int:
    """The command that was named."""
    return _COMMANDS[options.command](options)


def _image(options: Namespace) -> int:
    target = Path(options.output)
    if target.suffix and target.exists() and not options.force:
        note(f"{target} is there already; --force writes over it")  # before it costs anything
        return CANNOT_WRITE
    request = ImageRequest(
        prompt=_text(options), n=options.n, size=options.size, quality=options.quality
    )
    got = _asked(options, lambda llm: llm.gen_image(request))
    if isinstance(got, Failure):
        return _failed(got)
    code = OK
    pictures = got.unwrap().pictures
    for number, picture in enumerate(pictures, 1):
        if picture.data is None:
            out(picture.url or "")
            continue
        suffix = _ENDINGS.get(picture.media_type or "", ".bin")
        path = target if target.suffix else target.with_suffix(suffix)
        if len(pictures) > 1:
            path = path.with_name(f"{path.stem}-{number}{path.suffix}")
        if path.suffix.lower().replace(".jpeg", ".jpg") != suffix and suffix != ".bin":
            note(f"{path.name} holds {picture.media_type}")
        code = write_file(path, picture.data, force=options.force) or code
    return code


def _speak(options: Namespace) -> int:
    target = Path(options.output)
    if target.exists() and not options.force:
        note(f"{target} is there already; --force writes over it")
        return CANNOT_WRITE
    form = target.suffix.lstrip(".").lower()
    request = SpeechRequest(
        input=_text(options),
        voice=options.voice,
        response_format=form if form in ("mp3", "wav", "opus", "aac", "flac", "pcm") else None,
    )
    got = _asked(options, lambda llm: llm.text_to_speech(request))
    if isinstance(got, Failure):
        return _failed(got)
    return write_file(target, got.unwrap().data, force=options.force)


def _transcribe(options: Namespace) -> int:
    data = read_file(options.file)
    if isinstance(data, int):
        return data
    request = TranscribeRequest(
        audio=data,
        filename=Path(options.file).name,
        language=options.language,
        response_format=options.format,
    )
    note(f"sending {len(data):,} bytes")
    got = _asked(options, lambda llm: llm.speech_to_text(request))
    if isinstance(got, Failure):
        return _failed(got)
    told = got.unwrap()
    out(_json(told) if options.format in ("verbose_json", "diarized_json") else told.text)
    return OK


def _moderate(options: Namespace) -> int:
    got = _asked(options, lambda llm: llm.moderation(_text(options)))
    if isinstance(got, Failure):
        return _failed(got)
    if options.json:
        out(_json(got.unwrap()))
        return OK
    for result in got.unwrap().results:
        found = [name for name, is_so in result.categories.items() if is_so]
        out(f"flagged: {', '.join(found)}" if result.flagged else "not flagged")
    return OK


def _embed(options: Namespace) -> int:
    request = EmbedRequest(input=_text(options), dimensions=options.dimensions)
    got = _asked(options, lambda llm: llm.embed(request))
    if isinstance(got, Failure):
        return _failed(got)
    for vector in got.unwrap().vectors:
        out(msgspec.json.encode(vector).decode())
    return OK


def _code(options: Namespace) -> int:
    got = _asked(options, lambda llm: llm.ask_code(_text(options)))
    if isinstance(got, Failure):
        return _failed(got)
    answer = got.unwrap()
    if answer.code is None:
        note(f"no code: {answer.repair.reason if isinstance(answer.repair, Unrepairable) else ''}")
        return DATA
    out(answer.code)
    mended = "" if isinstance(answer.repair, Exact) else ", repaired"
    note(f"[{answer.language}, from {answer.origin}{mended}]")
    return OK


def _asked(options: Namespace, call: Callable[[LLM], Parsed[Any]]) -> Parsed[Any]:
    chosen = choose(options, MODELS[options.command])
    if isinstance(chosen, Failure):
        return chosen
    with open_client(chosen.unwrap()) as llm:
        return call(llm)


def _text(options: Namespace) -> str:
    """The words of the command line, else what is piped in."""
    words = " ".join(options.text)
    if words or sys.stdin is None or sys.stdin.isatty():
        return words
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip()


def _failed(got: Failure[Any]) -> int:
    complain(got.failure())
    return exit_code(got.failure())


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "image": _image,
    "speak": _speak,
    "transcribe": _transcribe,
    "moderate": _moderate,
    "embed": _embed,
    "code": _code,
}

__all__ = ["MODELS", "run"]
