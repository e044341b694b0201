"""Speech and transcription: POST {base_url}/audio/speech and /audio/transcriptions.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (sections 3.3 and 3.4); read 2026-11-20.
"""

import re
from typing import Any, Literal

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.openai_answers import body_of, model_of, objects_of, text_of
from llm_pure.codec import decode_any, json_text
from llm_pure.config import LLMConfig
from llm_pure.endpoint import Locate, own_headers, post_json
from llm_pure.errors import InvalidRequest, ProtocolFault
from llm_pure.http import SECRET_HEADERS, HttpRequest, HttpResponse, header
from llm_pure.media import media_type_of
from llm_pure.media_operations import Speech, SpeechRequest, TranscribeRequest, Transcript
from llm_pure.multipart import Field, FormFile, multipart
from llm_pure.provider import Built
from llm_pure.result import Failure, Parsed, Success

SPEECH_LIMIT = 4096
"""Characters of a text that is spoken."""
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
_SRT = re.compile(r"\s*\d+\r?\n\d\d:\d\d:\d\d,\d")


def build_speech(
    name: str, locate: Locate, config: LLMConfig, request: SpeechRequest
) -> Parsed[Built]:
    """POST {base_url}/audio/speech. Body: {model, input, voice, instructions?, response_format?, speed?}.

    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (no text, or more than 4096 characters).
    """
    if not request.input.strip() or len(request.input) > SPEECH_LIMIT:
        length = len(request.input)
        message = f"a text that is spoken has 1 to {SPEECH_LIMIT} characters, this one {length}"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    model = model_of(name, config, request.model)
    url = model.bind(lambda one: locate(config, one, "/audio/speech"))
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {
        "model": model.unwrap(),
        "input": request.input,
        "voice": request.voice,
    }
    for field in ("instructions", "response_format", "speed"):
        value = getattr(request, field)
        if value is not None:
            body[field] = value
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name, accept="*/*")
    return made.map(lambda one: Built(request=one))


def parse_speech(name: str, response: HttpResponse) -> Parsed[Speech]:
    """The sound as it came; a JSON body is an error, whatever the status."""
    told = (header(response.headers, "content-type") or "").partition(";")[0].strip().lower()
    if response.status >= 400 or told == "application/json":
        body = body_of(name, response)
        if isinstance(body, Failure):
            return body
    elif response.body:
        kind = media_type_of(response.body) or (told if told.startswith("audio/") else None)
        return Success(Speech(data=response.body, media_type=kind, provider=name))
    message = "there is no sound in the answer"
    return Failure(
        ProtocolFault(message=message, provider=name, where="body", evidence=response.body)
    )


def build_transcribe(
    name: str, locate: Locate, config: LLMConfig, request: TranscribeRequest
) -> Parsed[Built]:
    """POST {base_url}/audio/transcriptions, a form: file, model, language?, prompt?, response_format?, temperature? ...

    The boundary is made from the content. A file name whose ending the bytes belie is mended, and that is told.
    Fails with ConfigurationInvalid (no model, bad URL), InvalidRequest (no sound, or more than 25 MB).
    """
    if not 0 < len(request.audio) <= AUDIO_LIMIT:
        message = f"a file has 1 to {AUDIO_LIMIT} bytes, this one {len(request.audio)}"
        return Failure(InvalidRequest(message=message, param="audio", provider=name))
    model = model_of(name, config, request.model)
    url = model.bind(lambda one: locate(config, one, "/audio/transcriptions"))
    if isinstance(url, Failure):
        return url
    kind = media_type_of(request.audio)
    filename, told = _filename(request.filename, kind)
    media_type = kind or "application/octet-stream"
    fields: list[Field] = [
        ("file", FormFile(filename=filename, media_type=media_type, data=request.audio)),
        ("model", model.unwrap()),
    ]
    for field in ("language", "prompt", "response_format", "temperature"):
        value = getattr(request, field)
        if value is not None:
            fields.append((field, f"{value:g}" if isinstance(value, float) else str(value)))
    fields += [("timestamp_granularities[]", one) for one in request.timestamps]
    for key, value in (request.extra or {}).items():
        fields.append((key, value if isinstance(value, str) else json_text(value)))
    content_type, body = multipart(fields)
    plain = [pair for pair in own_headers(config) if pair[0] not in SECRET_HEADERS]
    headers = (("content-type", content_type), ("accept", "*/*"), *plain)
    sent = HttpRequest("POST", url.unwrap(), headers, body)
    return Success(Built(request=sent, adaptations=told))


def parse_transcribe(name: str, response: HttpResponse) -> Parsed[Transcript]:
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
            ProtocolFault(message=message, provider=name, where="body", evidence=response.body)
        )
    return Success(Transcript(text=text, format=_kind(text), provider=name))


def _kind(text: str) -> Literal["text", "srt", "vtt"]:
    if text.lstrip("\ufeff").startswith("WEBVTT"):
        return "vtt"
    return "srt" if _SRT.match(text) else "text"


def _from_json(name: str, body: dict[str, Any], response: HttpResponse) -> Parsed[Transcript]:
    segments = objects_of(body.get("segments"))
    text = text_of(body.get("text"))
    if text is None and segments:
        text = " ".join([str(one.get("text", "")).strip() for one in segments])
    if text is None:
        message = "there is no text in the answer"
        return Failure(
            ProtocolFault(message=message, provider=name, where="$.text", evidence=response.body)
        )
    duration = body.get("duration")
    modelled = ("text", "language", "duration", "segments", "words")
    return Success(
        Transcript(
            text=text,
            language=text_of(body.get("language")),
            duration_s=_seconds(duration),
            segments=segments,
            words=objects_of(body.get("words")),
            provider=name,
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
