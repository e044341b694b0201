"""Requests and output files of `llm-pure image` and `speak`. Files are written completely or not at all."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from llm_pure.cli.exit_codes import OK, USAGE, CommandFailed
from llm_pure.cli.files import read_file, read_piped, require_writable, unused_path, write_file
from llm_pure.cli.output import out, print_failure, print_note, print_progress
from llm_pure.client.llm import LLM
from llm_pure.types.operations import ImageRequest, ImagesResponse, Speech, SpeechRequest
from llm_pure.types.result import LLMResult

_SUFFIXES = {
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
"""Media type -> suffixes of its files, the usual one first."""

_SPEECH_FORMATS = {".ogg": "opus"} | {
    f".{name}": name for name in ("mp3", "wav", "opus", "aac", "flac", "pcm")
}
"""Suffix of an audio file -> name of the format in the API."""


def read_image_request(options: Namespace) -> ImageRequest:
    """Return the request, once it is sure that its files can be written. Fails with 64 without text and images."""
    require_writable(_image_paths(options), force=options.force)
    text = " ".join(options.text) or read_piped()
    images = tuple(map(read_file, options.image))
    mask = read_file(options.mask) if options.mask else None
    if not text and not images and mask is None:
        raise CommandFailed("no text for an image: pass a text, or pipe one in", USAGE)
    return ImageRequest(
        prompt=text,
        images=images,
        mask=mask,
        n=options.n,
        size=options.size,
        quality=options.quality,
        output_format=options.format,
        response_format="b64_json",  # bytes, if the model has a choice: URLs expire after an hour
    )


def generate_images(llm: LLM, request: ImageRequest) -> LLMResult[ImagesResponse]:
    """Generate the images and show progress."""
    print_progress("waiting for the image ...")
    return llm.gen_image(request)


def write_images(response: ImagesResponse, options: Namespace) -> int:
    """Write each image to a file, by default with the suffix of its format. An image that is only a URL is printed."""
    target = Path(options.output)
    numbered = len(response.images) > 1 or (options.n or 1) > 1
    code = OK
    for number, image in enumerate(response.images, 1):
        if image.data is None:
            print_note("the provider sent a URL in place of the image; it may expire:")
            out(image.url or "")
            continue
        suffixes = _SUFFIXES.get(image.media_type or "", (".bin",))
        path = target if target.suffix else target.with_suffix(suffixes[0])
        path = _numbered(path, number) if numbered else path
        if not options.force:
            # more images came than requested: they are paid for, so keep all
            path = unused_path(path)
        if path.suffix.lower() not in suffixes:
            print_note(f"{path.name} contains {image.media_type or 'an unknown image format'}")
        try:
            write_file(path, image.data, force=options.force)
        except CommandFailed as failed:
            code = print_failure(failed)
    return code


def _image_paths(options: Namespace) -> Iterator[Path]:
    """Yield every file that may be written."""
    target, count = Path(options.output), options.n or 1
    image_suffixes = [suffixes[0] for kind, suffixes in _SUFFIXES.items() if kind[:5] == "image"]
    for path in [target] if target.suffix else map(target.with_suffix, image_suffixes):
        for number in range(1, count + 1):
            yield _numbered(path, number) if count > 1 else path


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def read_speech_request(options: Namespace) -> SpeechRequest:
    """Return the request, once it is sure that its file can be written. Fails with 64 without a text."""
    target = Path(options.output)
    if options.output != "-":
        require_writable([target], force=options.force)
    text = " ".join(options.text) or read_piped()
    if not text:
        raise CommandFailed("no text to speak: pass a text, or pipe one in", USAGE)
    return SpeechRequest(
        input=text,
        voice=options.voice,
        instructions=options.instructions,
        speed=options.speed,
        response_format=options.format or _SPEECH_FORMATS.get(target.suffix.lower()),
    )


def generate_speech(llm: LLM, request: SpeechRequest) -> LLMResult[Speech]:
    """Generate the audio as a stream and show progress."""
    received = 0
    with llm.stream_speech(request) as stream:
        for chunk in stream:
            received += len(chunk)
            print_progress(f"{received:,} bytes of audio ...")
        return stream.result()


def write_speech(speech: Speech, options: Namespace) -> int:
    """Write the audio to its file, or to standard output for "-"."""
    if options.output == "-":
        sys.stdout.buffer.write(speech.data)
        sys.stdout.buffer.flush()
        return OK
    target = Path(options.output)
    suffixes = _SUFFIXES.get(speech.media_type or "")
    if suffixes and target.suffix.lower() not in suffixes:
        print_note(f"{target.name} contains {speech.media_type}")
    write_file(target, speech.data, force=options.force)
    return OK
