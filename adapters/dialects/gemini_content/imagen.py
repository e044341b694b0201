"""Pictures by `:predict`, as Google's Imagen models make them.

Source: the wire notes of this project, gemini.md section 8; the further parameters as generally known of cloud.google.com,
"Imagen API" (google-genai 3.4.0 no longer names them), unconfirmed; read 2026-11-20.
"""

import re
from typing import Any

from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.quirks import Place
from llm_pure.adapters.dialects.gemini_content.request import merged
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.error_mapping import decode_success_json, undecodable_body_error
from llm_pure.core.provider import Built
from llm_pure.core.urls import post_json
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ContentFiltered, InvalidRequest, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.result import Failure, LLMResult, Success

_RATIO = re.compile(r"\d{1,2}:\d{1,2}")
_SIZES = ("1K", "2K")
_REFUSED = ("quality", "style", "background", "response_format")


def is_imagen(model: str) -> bool:
    """Is this one of the models that answer to `:predict`?"""
    return model.rsplit("/", 1)[-1].startswith(("imagen", "imagegeneration"))


def build_predict(
    name: str, place: Place, config: LLMConfig, model: str, request: ImageRequest
) -> LLMResult[Built]:
    """POST .../{model}:predict. Body: {instances: [{prompt}], parameters: {sampleCount, aspectRatio? ...}}.

    size: a ratio ("16:9") or 1K, 2K; another one is dropped and told. output_format: "png" or "jpeg".
    Fails with InvalidRequest (no prompt), UnsupportedFeature (pictures to begin from), and as `place` does.
    """
    if not request.prompt.strip():
        message = "there is no prompt to make a picture of"
        return Failure(InvalidRequest(message=message, param="prompt", provider=name))
    if request.images or request.mask is not None:
        message = f"{model} is asked for pictures from words only; a Gemini model edits pictures"
        return Failure(UnsupportedFeature(message=message, feature="images", provider=name))
    parameters: dict[str, Any] = {"sampleCount": request.n or 1}
    told: list[Adaptation] = []
    size = request.size or ""
    if _RATIO.fullmatch(size):
        parameters["aspectRatio"] = size
    elif size in _SIZES:
        parameters["sampleImageSize"] = size
    elif size:
        told.append(_dropped(model, "size", size))
    if request.output_format:
        parameters["outputOptions"] = {"mimeType": f"image/{request.output_format}"}
    for field in _REFUSED:
        value = getattr(request, field)
        if value is not None:
            told.append(_dropped(model, field, value))
    body = merged(
        {"instances": [{"prompt": request.prompt}], "parameters": parameters}, request.extra or {}
    )
    url = place(config, model, "predict")
    sent = url.bind(lambda at: post_json(config, at, body, provider=name))
    return sent.map(lambda one: Built(request=one, adaptations=tuple(told)))


def _dropped(model: str, field: str, value: Any) -> Adaptation:
    reason = f"{model} has no {field} {value!r}"
    return Adaptation(field=field, action="dropped", reason=reason, before=value)


def parse_predict(name: str, response: HttpResponse) -> LLMResult[ImagesResponse]:
    """The pictures that passed Google's filters; why others did not is in `extra["filtered"]`.

    Fails with ContentFiltered where none passed; an empty answer is that too, for Google then gives no reason.
    """
    good = decode_success_json(name, response, lambda raw: find_error(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    if not isinstance(raw, dict):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    rows = raw.get("predictions")
    found = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
    pictures: list[GeneratedImage] = []
    for place, row in enumerate(found):
        if "bytesBase64Encoded" not in row:
            continue
        picture = _picture(row)
        if picture is None:
            where = f"$.predictions[{place}]"
            message = "this picture is no base64"
            return Failure(ProtocolError(message=message, provider=name, where=where))
        pictures.append(picture)
    reasons = [one["raiFilteredReason"] for one in found if one.get("raiFilteredReason")]
    if not pictures:
        why = "; ".join([str(reason) for reason in reasons]) or "no reason given"
        message = f"Google's filters let no picture pass: {why}"
        return Failure(ContentFiltered(message=message, provider=name, status=response.status))
    extra = {key: value for key, value in raw.items() if key != "predictions"}
    return Success(
        ImagesResponse(
            pictures=tuple(pictures),
            provider=name,
            extra=extra | ({"filtered": reasons} if reasons else {}),
        )
    )


def _picture(row: dict[str, Any]) -> GeneratedImage | None:
    text, prompt, said = (row.get(key) for key in ("bytesBase64Encoded", "prompt", "mimeType"))
    data = from_base64(text) if isinstance(text, str) and text else None
    if data is None:
        return None
    return GeneratedImage(
        data=data,
        media_type=media_type_of(data) or (said if isinstance(said, str) else None),
        revised_prompt=prompt if isinstance(prompt, str) else None,
    )
