"""OpenAI's pictures, speech, transcription, moderation and list of models.

Source: ../shared/wire/openai-family.md section 3; openai/openai-openapi 2.3.0; read 2026-11-20.
"""

import base64
from typing import Any

from tests.support.png import tiny_png
from tests.support.services.answers import answer_to
from tests.support.services.exchange import Asked, Reply, json_reply
from tests.support.services.shapes import openai_error
from tests.support.wav import tiny_wav


def answer(asked: Asked) -> Reply:
    """By the end of the path."""
    match asked.path.rsplit("/", 1)[-1]:
        case "models":
            row = {"id": "gpt-5-mini", "object": "model", "created": 1, "owned_by": "system"}
            return json_reply({"object": "list", "data": [row]})
        case "transcriptions":
            return json_reply({"text": "Hello.", "language": "english", "duration": 0.5})
        case "speech":
            return Reply(pieces=(tiny_wav(),), content_type="audio/wav")
        case "generations":
            text = base64.b64encode(tiny_png()).decode()
            row = {"b64_json": text, "revised_prompt": "one red square"}
            return json_reply({"created": 1, "data": [row]})
        case _:
            return _moderation(asked)


def _moderation(asked: Asked) -> Reply:
    told = answer_to(asked)
    if told.status != 200:
        return openai_error(told)
    given = asked.body["input"]
    texts = given if isinstance(given, list) else [given]
    row: dict[str, Any] = {
        "flagged": False,
        "categories": {"violence": False},
        "category_scores": {"violence": 0.25},
    }
    return json_reply(
        {"id": "modr-1", "model": "omni-moderation-latest", "results": [row] * len(texts)}
    )
