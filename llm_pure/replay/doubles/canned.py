"""Answers to operations besides chat, with values that are the same in every run. Pure.

Embeddings: 8 numbers, or as many as requested, of length 1, made of the text's hash: equal texts have equal vectors. Token
counts: 4 bytes of the body are a token. Images: one white pixel. Speech: a tenth of a second of silence. Transcription: the
double's text. Moderation: nothing is flagged. Models: "double-model".
"""

import base64
import hashlib
import struct
from collections.abc import Mapping
from math import sqrt
from typing import Any

import msgspec

from llm_pure.replay.doubles.pieces import estimate
from llm_pure.replay.doubles.requests import SentRequest, embed_texts, form_field
from llm_pure.types.http import Headers, HttpResponse

Json = dict[str, Any]

MODEL = "double-model"
DIMENSIONS = 8
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="
)
"""A PNG."""
_RATE = 8000
_SAMPLES = b"\x00\x00" * (_RATE // 10)
SILENCE = (
    b"RIFF"
    + struct.pack("<I", 36 + len(_SAMPLES))
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    + b"data"
    + struct.pack("<I", len(_SAMPLES))
    + _SAMPLES
)
"""A WAV file."""

_JSON: Headers = (("content-type", "application/json"),)


def canned(request: SentRequest, text: str) -> HttpResponse:
    """The answer to a request that is no chat. `text`: the double's own, for a transcription."""
    match request.operation:
        case "embed":
            return _json(_embeddings(request))
        case "count_tokens":
            return _json(_count(request))
        case "images":
            return _json(_images(request))
        case "speech":
            return _speech(request)
        case "transcribe":
            return _transcription(request, text)
        case "moderate":
            return _json(_moderation(request))
        case _:
            return _json(_models())


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """The embedding of a text.

    >>> vector("a") == vector("a"), vector("a") == vector("b"), round(sum(x * x for x in vector("a")), 6)
    (True, False, 1.0)
    """
    data = hashlib.shake_128(text.encode("utf-8", "replace")).digest(2 * dimensions)
    numbers = [value - 32767.5 for value in struct.unpack(f">{dimensions}H", data)]
    length = sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def _json(value: Json) -> HttpResponse:
    return HttpResponse(200, _JSON, msgspec.json.encode(value))


_DIMENSION_FIELDS = ("dimensions", "outputDimensionality", "output_dimension", "dimension")


def _embeddings(request: SentRequest) -> Json:
    fields = request.fields
    parameters = fields.get("parameters")
    requested = {**fields, **(parameters if isinstance(parameters, dict) else {})}
    number = next(
        (requested[key] for key in _DIMENSION_FIELDS if isinstance(requested.get(key), int)), 0
    )
    texts = embed_texts(request)
    vectors = [vector(text, number or DIMENSIONS) for text in texts]
    tokens = estimate(sum(map(len, texts)))
    rows: list[Json]
    match request.form:
        case "gemini_content" if ":predict" in request.url:
            statistics = {"token_count": tokens}
            rows = [{"embeddings": {"values": v, "statistics": statistics}} for v in vectors]
            return {"predictions": rows}
        case "gemini_content" if ":embedContent" in request.url:
            return {"embedding": {"values": vectors[0]}}
        case "gemini_content":
            return {"embeddings": [{"values": values} for values in vectors]}
        case "ollama_embeddings":
            return {"embedding": vectors[0]}
        case "ollama_embed":
            return {"model": request.model, "embeddings": vectors, "prompt_eval_count": tokens}
        case "cohere":
            billed = {"billed_units": {"input_tokens": tokens}}
            return {"id": "embed-1", "embeddings": {"float": vectors}, "meta": billed}
        case "dashscope":
            rows = [{"text_index": i, "embedding": values} for i, values in enumerate(vectors)]
            usage = {"total_tokens": tokens}
            return {"output": {"embeddings": rows}, "usage": usage, "request_id": "request-1"}
        case "bedrock_invoke" if "inputText" in fields:
            return {"embedding": vectors[0], "inputTextTokenCount": tokens}
        case "bedrock_invoke" if "singleEmbeddingParams" in fields:
            return {"embeddings": [{"embeddingType": "TEXT", "embedding": vectors[0]}]}
        case "bedrock_invoke":
            return {"embeddings": vectors, "response_type": "embeddings_floats"}
    rows = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": request.model or MODEL, "usage": usage}


def _count(request: SentRequest) -> Json:
    tokens = estimate(len(request.body))
    match request.form:
        case "gemini_content":
            return {"totalTokens": tokens}
        case "bedrock_converse":
            return {"inputTokens": tokens}
        case "cohere":
            return {"tokens": [*range(tokens)], "token_strings": []}
        case "openai_responses":
            return {"object": "response.input_tokens", "input_tokens": tokens}
        case _:
            return {"input_tokens": tokens}


def _images(request: SentRequest) -> Json:
    fields = request.fields
    number = fields.get("n") or form_field(request, "n") or 1
    parameters = fields.get("parameters")
    if isinstance(parameters, dict):
        number = parameters.get("sampleCount") or number
    image = base64.b64encode(PIXEL).decode()
    count = int(number) if str(number).isdecimal() and len(str(number)) < 3 else 1
    if request.form == "gemini_content":
        row: Json = {"bytesBase64Encoded": image, "mimeType": "image/png"}
        return {"predictions": [row] * count}
    return {"created": 1, "data": [{"b64_json": image}] * count}


def _speech(request: SentRequest) -> HttpResponse:
    if request.fields.get("stream_format") != "sse":
        return HttpResponse(200, (("content-type", "audio/wav"),), SILENCE)
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    events: tuple[Json, ...] = (
        {"type": "speech.audio.delta", "audio": base64.b64encode(SILENCE).decode()},
        {"type": "speech.audio.done", "usage": usage},
    )
    body = b"".join([b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events])
    return HttpResponse(200, (("content-type", "text/event-stream"),), body)


def _transcription(request: SentRequest, text: str) -> HttpResponse:
    plain: Headers = (("content-type", "text/plain"),)
    match form_field(request, "response_format"):
        case "text":
            return HttpResponse(200, plain, text.encode())
        case "srt":
            body = f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n\n"
            return HttpResponse(200, plain, body.encode())
        case "vtt":
            body = f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{text}\n\n"
            return HttpResponse(200, plain, body.encode())
        case "verbose_json":
            segment = {"id": 0, "start": 0.0, "end": 1.0, "text": text}
            fields = {"language": "english", "duration": 1.0, "segments": [segment], "words": []}
            return _json({"task": "transcribe", "text": text, **fields})
        case "diarized_json":
            segment = {"id": "seg_0", "speaker": "A", "start": 0.0, "end": 1.0, "text": text}
            return _json({"text": text, "duration": 1.0, "segments": [segment]})
        case _:
            return _json({"text": text})


_CATEGORIES: Mapping[str, bool] = {"harassment": False, "hate": False, "violence": False}


def _moderation(request: SentRequest) -> Json:
    texts = request.fields.get("input")
    count = len(texts) if isinstance(texts, list) else 1
    scores = dict.fromkeys(_CATEGORIES, 0.0)
    row: Json = {"flagged": False, "categories": {**_CATEGORIES}, "category_scores": scores}
    return {"id": "modr-1", "model": request.model or MODEL, "results": [row] * count}


def _models() -> Json:
    """The list of models under the names of every API."""
    row = {"id": MODEL, "object": "model", "type": "model", "created": 1, "owned_by": "double"}
    named = {"name": MODEL, "model": MODEL, "modified_at": "1970-01-01T00:00:01Z"}
    created = {"created_at": "1970-01-01T00:00:01Z", "display_name": MODEL}
    data = [{**row, **created}]
    return {"object": "list", "data": data, "has_more": False, "models": [named]}
