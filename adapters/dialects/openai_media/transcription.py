"""Transcription: POST {base_url}/audio/transcriptions.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.4); read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from llm_pure.adapters.dialects.common.adaptations import added, changed, clamped, dropped
from llm_pure.adapters.dialects.openai_common.json_response import (
    objects_of,
    read_object,
    require_model,
    text_of,
)
from llm_pure.adapters.dialects.openai_common.multipart_form import build_form
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_media.quirks import MediaService
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import malformed_response
from llm_pure.framing.json_codec import decode_any
from llm_pure.framing.multipart import FormFile
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpResponse, get_header
from llm_pure.types.media import media_type_of
from llm_pure.types.operations import Transcription, TranscriptionRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure

AUDIO_LIMIT = 25 * 1024 * 1024
"""Maximum of bytes in a file."""

_SUFFIXES = {
    "audio/mpeg": ("mp3", "mpeg", "mpga"),
    "audio/wav": ("wav",),
    "audio/flac": ("flac",),
    "audio/ogg": ("ogg",),
    "audio/mp4": ("m4a", "mp4"),
    "video/mp4": ("mp4", "m4a"),
    "video/webm": ("webm",),
}
_NAMES = {"timestamps": "timestamp_granularities[]"}


class _ModelRules(msgspec.Struct, frozen=True):
    """What a model lacks."""

    formats: tuple[str, ...] | None = None
    lacks: tuple[str, ...] = ()
    needs: Mapping[str, str] = {}
    """Fields that are sent unless `extra` has them."""


_MODELS = (
    (
        "gpt-4o-transcribe-diarize",
        _ModelRules(
            formats=("json", "text", "diarized_json"),
            lacks=("prompt", "timestamps"),
            # 400 "chunking_strategy is required for diarization models" (litellm#18125, riffado#101), read 2026-11-30
            needs={"chunking_strategy": "auto"},
        ),
    ),
    ("gpt-4o-transcribe", _ModelRules(("json",), ("timestamps",))),
    ("gpt-4o-mini-transcribe", _ModelRules(("json",), ("timestamps",))),
)
"""Prefix -> rules. Source: openai 3.57.0, audio/transcription_create_params.py, read 2026-11-30."""

_SRT = re.compile(r"\s*\d+\r?\n\d\d:\d\d:\d\d,\d")


@returns_failure
def build_transcribe(
    service: MediaService, config: LLMConfig, request: TranscriptionRequest
) -> Built:
    """POST {base_url}/audio/transcriptions, a form: file, model, language?, prompt?, response_format?, temperature? ...

    The boundary is made from the content. A file name whose suffix does not match the bytes is corrected. Fields that the
    provider or the model does not support are dropped; timestamps are requested as verbose_json.
    Fails with InvalidRequest (no audio, or more than 25 MB of it), InvalidConfiguration (no model, bad URL).
    """
    if not 0 < len(request.audio) <= AUDIO_LIMIT:
        message = f"the file must have 1 to {AUDIO_LIMIT} bytes, it has {len(request.audio)}"
        raise Rejected(InvalidRequest(message=message, param="audio", provider=service.name))
    model = require_model(service, config, request.model)
    url = ok(service.url_for(config, model, "/audio/transcriptions"))
    media_type = media_type_of(request.audio)
    if media_type is not None and not media_type.startswith(("audio/", "video/")):
        message = f"the bytes are {media_type}, not audio"
        raise Rejected(InvalidRequest(message=message, param="audio", provider=service.name))
    adaptations: list[Adaptation] = []
    file = FormFile(
        filename=_filename(request.filename, media_type, adaptations),
        media_type=media_type or "application/octet-stream",
        data=request.audio,
    )
    unsupported = service.quirks.transcription_unsupported
    fields: dict[str, Any] = {
        field: value
        for field in ("language", "prompt", "response_format", "temperature", "timestamps")
        if (value := getattr(request, field)) not in (None, ())
    }
    rules = next((rules for name, rules in _MODELS if model.startswith(name)), _ModelRules())
    for field in (*fields,):
        reason = unsupported.get(field) or (f"{model} has none" if field in rules.lacks else "")
        if reason:
            adaptations.append(dropped(field, reason, fields.pop(field)))
    formats = rules.formats or service.quirks.transcription_formats
    if formats is not None and fields.get("response_format", formats[0]) not in formats:
        reason = f"the formats are {', '.join(formats)} here"
        adaptations.append(dropped("response_format", reason, fields.pop("response_format")))
    if "timestamps" in fields and "response_format" not in unsupported:
        _ask_for_timestamps(fields, adaptations)
    if fields.get("temperature", 0) > 1:
        reason = "temperature is between 0 and 1 here"
        adaptations.append(clamped("temperature", reason, fields["temperature"], 1))
        fields["temperature"] = 1
    settings: list[tuple[str, Any]] = [("model", model)]
    settings += [(_NAMES.get(field, field), value) for field, value in fields.items()]
    extra = request.extra or {}
    for field, value in rules.needs.items():
        if field not in extra:
            adaptations.append(added(field, f"{model} needs it", value))
            settings.append((field, value))
    settings += extra.items()
    return build_form(service, config, url, [("file", file)], settings, adaptations)


def _ask_for_timestamps(fields: dict[str, Any], adaptations: list[Adaptation]) -> None:
    """Timestamps are part of verbose_json alone, which has all that json has."""
    requested = fields.get("response_format")
    if requested in (None, "json"):
        fields["response_format"] = "verbose_json"
        adaptations.append(added("response_format", "timestamps need it", "verbose_json"))
    elif requested != "verbose_json":
        reason = f"the format {requested} has none"
        adaptations.append(dropped("timestamps", reason, fields.pop("timestamps")))


def _filename(name: str | None, media_type: str | None, adaptations: list[Adaptation]) -> str:
    """A file name whose suffix matches the bytes: the provider reads the format from it."""
    suffixes = _SUFFIXES.get(media_type or "", ())
    if name is None or name == "":
        return f"audio.{suffixes[0] if suffixes else 'bin'}"
    stem, _, suffix = name.rpartition(".")
    if not suffixes or suffix.lower() in suffixes:
        return name
    corrected = f"{stem or name}.{suffixes[0]}"
    adaptations.append(changed("filename", f"its bytes are {media_type}", name, corrected))
    return corrected


@returns_failure
def parse_transcribe(service: MediaService, response: HttpResponse) -> Transcription:
    """JSON of any kind, events, or plain text; subtitles (srt, vtt) are recognised.

    Fails with StreamInterrupted if the last event is missing; its `partial` has the text so far.
    """
    from llm_pure.adapters.dialects.openai_media import event_streams  # imported late: start-up

    streamed = event_streams.read_event_body(service, response, event_streams.TranscriptFold())
    if streamed is not None:
        return _read_object(service, streamed, response)
    decoded = decode_any(response.body, provider=service.name).value_or(None)
    if response.status >= 400 or isinstance(decoded, dict):
        return _read_object(service, read_object(service, response), response)
    try:
        text = response.body.decode()
    except UnicodeDecodeError:
        message = "the response is not text"
        raise Rejected(malformed_response(service, response, message)) from None
    if isinstance(decoded, str) and "json" in (get_header(response.headers, "content-type") or ""):
        text = decoded
    return Transcription(text=text, format=_format(text), provider=service.name)


def _format(text: str) -> Literal["text", "srt", "vtt"]:
    if text.lstrip("\ufeff").startswith("WEBVTT"):
        return "vtt"
    return "srt" if _SRT.match(text) else "text"


def _read_object(
    service: MediaService, body: dict[str, Any], response: HttpResponse
) -> Transcription:
    segments = objects_of(body.get("segments"))
    text = text_of(body.get("text"))
    if text is None and segments:
        text = " ".join([str(segment.get("text", "")).strip() for segment in segments])
    if text is None:
        message = "the response has no text"
        raise Rejected(malformed_response(service, response, message, where="$.text"))
    usage = body.get("usage")
    known = ("text", "language", "duration", "segments", "words", "usage")
    return Transcription(
        text=text,
        language=text_of(body.get("language")),
        duration_s=_seconds(body.get("duration")),
        segments=segments,
        words=objects_of(body.get("words")),
        provider=service.name,
        usage=read_usage(usage) if isinstance(usage, dict) else Usage(),
        extra={key: value for key, value in body.items() if key not in known},
    )


def _seconds(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
