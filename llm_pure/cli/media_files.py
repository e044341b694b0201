"""`llm-pure image` and `speak`: what a model makes goes to files, whole or not at all."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from llm_pure.cli.exit_codes import OK, USAGE
from llm_pure.cli.files import read_file, unused, writable, write_file
from llm_pure.cli.media_calls import asked, failed, request_notes, words
from llm_pure.cli.output import out, print_note, print_progress
from llm_pure.client.llm import LLM
from llm_pure.types.operations import GeneratedImage, ImageRequest, Speech, SpeechRequest
from llm_pure.types.result import Failure, LLMResult

_ENDINGS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "audio/mpeg": (".mp3",),
    "audio/wav": (".wav",),
    "audio/ogg": (".opus", ".ogg"),
    "audio/aac": (".aac",),
    "audio/flac": (".flac",),
}
"""Media type -> the endings of its files, the usual one first."""

_FORMATS = {".ogg": "opus"} | {
    f".{one}": one for one in ("mp3", "wav", "opus", "aac", "flac", "pcm")
}
"""Ending of a sound's file -> what the API calls it."""


def image(options: Namespace) -> int:
    """Pictures, each under the ending that its bytes show where none is named."""
    target = Path(options.output)
    free = writable(_places(target, options.n or 1), force=options.force)
    if free != OK:
        return free
    text = words(options)
    given = [read_file(path) for path in (*options.image, *filter(None, [options.mask]))]
    for one in given:
        if isinstance(one, int):
            return one
    pictures = [one for one in given if isinstance(one, bytes)]
    if not text and not pictures:
        print_note("nothing to make a picture of: give a text, or pipe one in")
        return USAGE
    request = ImageRequest(
        prompt=text,
        images=tuple(pictures[: len(options.image)]),
        mask=pictures[-1] if options.mask else None,
        n=options.n,
        size=options.size,
        quality=options.quality,
        output_format=options.format,
        response_format="b64_json",  # bytes, where a model lets one choose; addresses last for an hour
    )

    def call(llm: LLM) -> LLMResult[tuple[GeneratedImage, ...]]:
        request_notes(llm, "images", request, but=("response_format",))
        print_progress("waiting for the picture ...")
        return llm.gen_image(request).map(lambda made: made.pictures)

    got = asked(options, call)
    print_progress("")
    return failed(got) if isinstance(got, Failure) else _write(target, got.unwrap(), options)


def _places(target: Path, count: int) -> Iterator[Path]:
    """Every file that may come to be written."""
    endings = [one[0] for one in _ENDINGS.values() if one[0] in (".png", ".jpg", ".webp", ".gif")]
    for path in [target] if target.suffix else [target.with_suffix(one) for one in endings]:
        for number in range(1, count + 1):
            yield _numbered(path, number) if count > 1 else path


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _write(target: Path, pictures: tuple[GeneratedImage, ...], options: Namespace) -> int:
    code = OK
    several = len(pictures) > 1 or (options.n or 1) > 1
    for number, picture in enumerate(pictures, 1):
        if picture.data is None:
            print_note("the service sent an address in the picture's place; it may not last:")
            out(picture.url or "")
            continue
        endings = _ENDINGS.get(picture.media_type or "", (".bin",))
        path = target if target.suffix else target.with_suffix(endings[0])
        if several:
            path = _numbered(path, number)
        if not options.force:
            path = unused(path)  # more came than were asked for: they are paid, and none is lost
        if path.suffix.lower() not in endings:
            print_note(f"{path.name} holds {picture.media_type or 'an unknown kind of picture'}")
        code = write_file(path, picture.data, force=options.force) or code
    return code


def speak(options: Namespace) -> int:
    """Sound, told of while it comes where somebody looks. "-" is standard output."""
    target = Path(options.output)
    to_stdout = options.output == "-"
    free = OK if to_stdout else writable([target], force=options.force)
    if free != OK:
        return free
    text = words(options)
    if not text:
        print_note("nothing to say: give a text, or pipe one in")
        return USAGE
    form = options.format or _FORMATS.get(target.suffix.lower())
    request = SpeechRequest(
        input=text,
        voice=options.voice,
        instructions=options.instructions,
        speed=options.speed,
        response_format=form,
    )

    def call(llm: LLM) -> LLMResult[Speech]:
        request_notes(llm, "speech", request)
        received = 0
        with llm.stream_speech(request) as sound:
            for piece in sound:
                received += len(piece)
                print_progress(f"{received:,} bytes of sound ...")
            return sound.result()

    got = asked(options, call)
    print_progress("")
    if isinstance(got, Failure):
        return failed(got)
    speech = got.unwrap()
    if to_stdout:
        sys.stdout.buffer.write(speech.data)
        sys.stdout.buffer.flush()
        return OK
    endings = _ENDINGS.get(speech.media_type or "")
    if endings and target.suffix.lower() not in endings:
        print_note(f"{target.name} holds {speech.media_type}")
    return write_file(target, speech.data, force=options.force)


__all__ = ["image", "speak"]
