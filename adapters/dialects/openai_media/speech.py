"""Speech: POST {base_url}/audio/speech. The response is audio, or events with base64 audio, buffered or streamed.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.3); openai-python 3.3.1
types/audio/speech_create_params.py; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.openai_common.json_response import require_model
from llm_pure.adapters.dialects.openai_media import MediaService
from llm_pure.adapters.dialects.openai_media.speech_stream import open_speech
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import build_post
from llm_pure.core.provider import Built
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


@returns_failure
def build_speech(service: MediaService, config: LLMConfig, request: SpeechRequest) -> Built:
    """POST {base_url}/audio/speech. Body: {model, input, voice, instructions?, response_format?, speed?, stream_format?}.

    instructions and events are dropped for tts-1.
    Fails with InvalidRequest (no text, or more than 4096 characters), InvalidConfiguration (no model, bad URL).
    """
    length = len(request.input)
    if not request.input.strip() or length > SPEECH_LIMIT:
        message = f"the text must have 1 to {SPEECH_LIMIT} characters, it has {length}"
        raise Rejected(InvalidRequest(message=message, param="input", provider=service.name))
    model = require_model(service, config, request.model)
    url = ok(service.url_for(config, model, "/audio/speech"))
    body: dict[str, Any] = {"model": model, "input": request.input, "voice": request.voice}
    adaptations: list[Adaptation] = []
    for field in ("instructions", "response_format", "speed", "stream_format"):
        value = getattr(request, field)
        if value is None:
            continue
        if model.startswith(_OLDER) and _OLDER_UNSUPPORTED.get(field, 0) in (None, value):
            adaptations.append(dropped(field, f"{model} has no {field} {value!r}", value))
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
