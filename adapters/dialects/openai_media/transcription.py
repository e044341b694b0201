"""Transcription: POST {base_url}/audio/transcriptions.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.4); read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from llm_pure.adapters.dialects.openai_common.json_response import (
    body_of,
    model_of,
    objects_of,
    text_of,
)
from llm_pure.adapters.dialects.openai_common.multipart_form import post_form
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.urls import UrlFor
from llm_pure.framing.json_codec import decode_any
from llm_pure.framing.multipart import FormFile
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, ProtocolError
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import media_type_of
from llm_pure.types.operations import Transcription, TranscriptionRequest
from llm_pure.types.result import Failure, LLMResult, Success

AUDIO_LIMIT = 25 * 1024 * 1024
"""Bytes of a file that is transcribed."""

_ENDINGS = {
    "audio/mpeg": ("mp3", "mpeg", "mpga"),
    "audio/wav": ("wav",),
    "audio/flac": ("flac",),
    "audio/ogg": ("ogg",),
    "audio/mp4": ("m4a", "mp4"),
    "video/mp4": ("mp4", "m4a"),
    "video/webm": ("webm",),
}
_NAMES = {"timestamps": "timestamp_granularities[]"}
_SRT = re.compile(r"\s*\d+\r?\n\d\d:\d\d:\d\d,\d")


def build_transcribe(
    name: str,
    url_for: UrlFor,
    refuses: Mapping[str, str],
    config: LLMConfig,
    request: TranscriptionRequest,
) -> LLMResult[Built]:
    """POST {base_url}/audio/transcriptions, a form: file, model, language?, prompt?, response_format?, temperature? ...

    The boundary is made from the content. A file name whose ending the bytes belie is mended, and that is told; so is what
    the service refuses.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no sound, or more than 25 MB of it).
    """
    if not 0 < len(request.audio) <= AUDIO_LIMIT:
        message = f"a file has 1 to {AUDIO_LIMIT} bytes, this one {len(request.audio)}"
        return Failure(InvalidRequest(message=message, param="audio", provider=name))
    model = model_of(name, config, request.model)
    url = model.bind(lambda one: url_for(config, one, "/audio/transcriptions"))
    if isinstance(url, Failure):
        return url
    kind = media_type_of(request.audio)
    if kind is not None and not kind.startswith(("audio/", "video/")):
        message = f"these bytes are {kind}, and no sound"
        return Failure(InvalidRequest(message=message, param="audio", provider=name))
    filename, told = _filename(request.filename, kind)
    sound = FormFile(
        filename=filename, media_type=kind or "application/octet-stream", data=request.audio
    )
    settings: list[tuple[str, Any]] = [("model", model.unwrap())]
    dropped: list[Adaptation] = []
    for field in ("language", "prompt", "response_format", "temperature", "timestamps"):
        value = getattr(request, field)
        if value in (None, ()):
            continue
        if field in refuses:
            lack = Adaptation(field=field, action="dropped", reason=refuses[field], before=value)
            dropped.append(lack)
        else:
            settings.append((_NAMES.get(field, field), value))
    settings += (request.extra or {}).items()
    made = post_form(config, url.unwrap(), [("file", sound)], settings, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=(*told, *dropped)))


def parse_transcribe(name: str, response: HttpResponse) -> LLMResult[Transcription]:
    """JSON of any kind, or plain text; that of subtitles (srt, vtt) is recognised."""
    decoded = decode_any(response.body, provider=name)
    is_object = not isinstance(decoded, Failure) and isinstance(decoded.unwrap(), dict)
    if response.status >= 400 or is_object:
        got = body_of(name, response)
        return got.bind(lambda body: _from_json(name, body, response))
    try:
        text = response.body.decode()
    except UnicodeDecodeError:
        message = "the answer is no text"
        return Failure(
            ProtocolError(message=message, provider=name, where="body", evidence=response.body)
        )
    return Success(Transcription(text=text, format=_kind(text), provider=name))


def _kind(text: str) -> Literal["text", "srt", "vtt"]:
    if text.lstrip("\ufeff").startswith("WEBVTT"):
        return "vtt"
    return "srt" if _SRT.match(text) else "text"


def _from_json(name: str, body: dict[str, Any], response: HttpResponse) -> LLMResult[Transcription]:
    segments = objects_of(body.get("segments"))
    text = text_of(body.get("text"))
    if text is None and segments:
        text = " ".join([str(one.get("text", "")).strip() for one in segments])
    if text is None:
        message = "there is no text in the answer"
        return Failure(
            ProtocolError(message=message, provider=name, where="$.text", evidence=response.body)
        )
    duration = body.get("duration")
    usage = body.get("usage")
    modelled = ("text", "language", "duration", "segments", "words", "usage")
    return Success(
        Transcription(
            text=text,
            language=text_of(body.get("language")),
            duration_s=_seconds(duration),
            segments=segments,
            words=objects_of(body.get("words")),
            provider=name,
            usage=read_usage(usage) if isinstance(usage, dict) else Usage(),
            extra={key: value for key, value in body.items() if key not in modelled},
        )
    )


def _seconds(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _filename(given: str | None, kind: str | None) -> tuple[str, tuple[Adaptation, ...]]:
    """The name whose ending fits the bytes, and what was changed of the user's."""
    endings = _ENDINGS.get(kind or "", ())
    name = given or f"audio.{endings[0] if endings else 'bin'}"
    stem, _, ending = name.rpartition(".")
    if not endings or ending.lower() in endings:
        return name, ()
    after = f"{stem or name}.{endings[0]}"
    told = Adaptation(
        field="filename", action="changed", reason=f"its bytes are {kind}", before=name, after=after
    )
    return after, (told,) if given else ()
