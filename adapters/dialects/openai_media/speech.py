"""Speech: POST {base_url}/audio/speech. The response is audio, or events with base64 audio, buffered or streamed.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.3); openai-python 3.3.1
types/audio/speech_create_params.py; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import clamped, dropped
from llm_pure.adapters.dialects.openai_common.json_response import require_model
from llm_pure.adapters.dialects.openai_media.quirks import MediaService
from llm_pure.adapters.dialects.openai_media.speech_stream import open_speech
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import build_post
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Speech, SpeechRequest
from llm_pure.types.rejection import Rejected, ok, returns_failure

SPEECH_LIMIT = 4096
"""Maximum of characters in the text."""

_OLDER = "tts-1"
_OLDER_UNSUPPORTED = {"instructions": None, "stream_format": "sse"}
"""Field -> the value that tts-1 and tts-1-hd do not support, None for any."""


_OPENAI = ("tts-1", "gpt-")
_SPEEDS = (0.25, 4.0)
_FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
"""The speeds and formats of OpenAI's models. Source: openai 3.57.0, audio/speech_create_params.py, read 2026-11-30."""


@returns_failure
def build_speech(service: MediaService, config: LLMConfig, request: SpeechRequest) -> Built:
    """POST {base_url}/audio/speech. Body: {model, input, voice, instructions?, response_format?, speed?, stream_format?}.

    instructions and events are dropped for tts-1. The speed and the format are those that OpenAI's models have.
    Fails with InvalidRequest (no text, or more than 4096 characters, no voice), InvalidConfiguration (no model, bad URL).
    """
    length = len(request.input)
    if not request.input.strip() or length > SPEECH_LIMIT:
        message = f"the text must have 1 to {SPEECH_LIMIT} characters, it has {length}"
        raise Rejected(InvalidRequest(message=message, param="input", provider=service.name))
    if not request.voice.strip():
        message = "the voice is empty"
        raise Rejected(InvalidRequest(message=message, param="voice", provider=service.name))
    model = require_model(service, config, request.model)
    url = ok(service.url_for(config, model, "/audio/speech"))
    body: dict[str, Any] = {"model": model, "input": request.input, "voice": request.voice}
    adaptations: list[Adaptation] = []
    for field in ("instructions", "response_format", "speed", "stream_format"):
        value = getattr(request, field)
        if value is None:
            continue
        is_older = model.startswith(_OLDER) and _OLDER_UNSUPPORTED.get(field, 0) in (None, value)
        unknown = field == "response_format" and value not in _FORMATS
        if field in service.quirks.speech_unsupported:
            adaptations.append(dropped(field, service.quirks.speech_unsupported[field], value))
        elif is_older or (unknown and model.startswith(_OPENAI)):
            adaptations.append(dropped(field, f"{model} has no {field} {value!r}", value))
        elif field == "speed" and model.startswith(_OPENAI):
            body[field] = after = min(max(value, _SPEEDS[0]), _SPEEDS[1])
            if after != value:
                reason = "speed is between 0.25 and 4 here"
                adaptations.append(clamped("speed", reason, value, after))
        else:
            body[field] = value
    body |= request.extra or {}
    return build_post(service, config, url, body, adaptations, accept="*/*")


@returns_failure
def parse_speech(service: MediaService, response: HttpResponse) -> Speech:
    """The audio of bytes or events; a JSON body is an error at any status."""
    decoder = open_speech(service, response.head)
    for result in (decoder.feed(response.body), decoder.close()):
        ok(result)
    return decoder.partial()
