"""Speech: POST {base_url}/audio/speech. The answer is sound, or events that bring it in base64, whole or as it comes.

Source: openai/openai-openapi 2.3.0, by the wire notes of this project (section 3.3); openai-python 3.3.1
types/audio/speech_create_params.py; read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_common.json_response import model_of
from llm_pure.adapters.dialects.openai_media.speech_stream import open_speech
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.urls import UrlFor, post_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Speech, SpeechRequest
from llm_pure.types.result import Failure, LLMResult

SPEECH_LIMIT = 4096
"""Characters of a text that is spoken."""

_OLDER = "tts-1"
_OLDER_LACK = {"instructions": None, "stream_format": "sse"}
"""What tts-1 and tts-1-hd do not take: the field, and which value of it, None for any."""


def build_speech(
    name: str, url_for: UrlFor, config: LLMConfig, request: SpeechRequest
) -> LLMResult[Built]:
    """POST {base_url}/audio/speech. Body: {model, input, voice, instructions?, response_format?, speed?, stream_format?}.

    tts-1 has no instructions and no events; these are dropped.
    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or more than 4096 characters).
    """
    if not request.input.strip() or len(request.input) > SPEECH_LIMIT:
        length = len(request.input)
        message = f"a text that is spoken has 1 to {SPEECH_LIMIT} characters, this one {length}"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    model = model_of(name, config, request.model)
    url = model.bind(lambda one: url_for(config, one, "/audio/speech"))
    if isinstance(url, Failure):
        return url
    body: dict[str, Any] = {
        "model": model.unwrap(),
        "input": request.input,
        "voice": request.voice,
    }
    told: list[Adaptation] = []
    for field in ("instructions", "response_format", "speed", "stream_format"):
        value = getattr(request, field)
        if value is None:
            continue
        if model.unwrap().startswith(_OLDER) and _OLDER_LACK.get(field, 0) in (None, value):
            reason = f"{model.unwrap()} has no {field} {value!r}"
            told.append(Adaptation(field=field, action="dropped", reason=reason, before=value))
        else:
            body[field] = value
    body |= request.extra or {}
    made = post_json(config, url.unwrap(), body, provider=name, accept="*/*")
    return made.map(lambda one: Built(request=one, adaptations=tuple(told)))


def parse_speech(name: str, response: HttpResponse) -> LLMResult[Speech]:
    """All of the sound, out of bytes or events; a JSON body is an error, whatever the status."""
    decoder = open_speech(name, response.head)
    fed = decoder.feed(response.body)
    closed = decoder.close()
    failed = fed if isinstance(fed, Failure) else closed
    return failed.map(lambda _: decoder.partial())
