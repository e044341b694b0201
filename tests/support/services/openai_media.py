"""OpenAI's pictures, speech, transcription and moderation, as far as aimock does not speak them.

Source: ../shared/wire/openai-family.md section 3; openai/openai-openapi 2.3.0; docs.siliconflow.cn and mistralai 3.7.0 for
those two; read 2026-11-20.
"""

import base64
from typing import Any, Literal

from tests.support.png import tiny_png
from tests.support.services.answers import Answer, answer_to
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply
from tests.support.services.shapes import openai_error
from tests.support.wav import tiny_wav

Style = Literal["openai", "mistral", "siliconflow"]
PICTURE_URL = "https://example.org/red-square.png"
SRT = "1\n00:00:00,000 --> 00:00:00,500\nHello.\n\n"
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:00.500\nHello.\n\n"
SEGMENT = {"id": 0, "start": 0.0, "end": 0.5, "text": "Hello."}


def answer(style: Style, asked: Asked) -> Reply:
    """By the end of the path."""
    told = answer_to(asked)
    if told.status == 429:
        return openai_error(told)
    match asked.path.rsplit("/", 1)[-1]:
        case "transcriptions":
            return _transcript(asked)
        case "speech" if asked.says("stream_format") == "sse":
            return _speech_events()
        case "speech":
            return Reply(pieces=(tiny_wav(),), content_type="audio/wav")
        case "generations" | "edits" | "variations":
            return _pictures(style)
        case "moderations":
            return _moderation(style, asked)
        case _:
            return openai_error(Answer(status=404, message="not here", error_type="not_found"))


def _pictures(style: Style) -> Reply:
    if style == "siliconflow":
        return json_reply({"images": [{"url": PICTURE_URL}], "seed": 1})
    text = base64.b64encode(tiny_png()).decode()
    return json_reply(
        {"created": 1, "data": [{"b64_json": text, "revised_prompt": "one red square"}]}
    )


def _speech_events() -> Reply:
    sound = tiny_wav()
    deltas = [
        {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
        for piece in (sound[:20], sound[20:])
    ]
    usage = {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}
    done = {"type": "speech.audio.done", "usage": usage}
    return sse_reply(*[data(event) for event in (*deltas, done)])


def _transcript(asked: Asked) -> Reply:
    """In the format that the form asks for."""
    for word, text in ((b"srt", SRT), (b"vtt", VTT), (b"text", "Hello.\n")):
        if b'name="response_format"\r\n\r\n' + word in asked.raw:
            return Reply(pieces=(text.encode(),), content_type="text/plain; charset=utf-8")
    told = {"text": "Hello.", "language": "english", "duration": 0.5}
    if b"verbose_json" in asked.raw:
        told |= {
            "task": "transcribe",
            "segments": [SEGMENT],
            "usage": {"type": "duration", "seconds": 1},
        }
    return json_reply(told)


def _moderation(style: Style, asked: Asked) -> Reply:
    given = asked.body["input"]
    texts = given if isinstance(given, list) else [given]
    row: dict[str, Any] = {
        "flagged": False,
        "categories": {"violence": False},
        "category_scores": {"violence": 0.25},
    }
    if style == "mistral":
        del row["flagged"]
    model = asked.says("model") or "omni-moderation-latest"
    return json_reply({"id": "modr-1", "model": model, "results": [row] * len(texts)})
