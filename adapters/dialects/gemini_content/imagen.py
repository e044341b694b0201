"""Images by `:predict`, for Google's Imagen models.

Source: the wire notes of this project, gemini.md section 8; the further parameters as generally known of cloud.google.com,
"Imagen API" (google-genai 3.4.0 no longer names them), unconfirmed; read 2026-11-20.
"""

import re
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import clamped, dropped
from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import AnyService, build_post, read_json, undecodable_error
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ContentFiltered, InvalidRequest, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import from_base64, media_type_of
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure

_RATIO = re.compile(r"\d{1,2}:\d{1,2}")
_SIZES = ("1K", "2K")
_MAX_IMAGES = 4
"""ai.google.dev, Imagen: numberOfImages from 1 to 4; as generally known on 2026-11-30, unconfirmed."""
_UNSUPPORTED = ("quality", "style", "background", "response_format")


def is_imagen(model: str) -> bool:
    """Whether the model is called by `:predict`."""
    return model.rsplit("/", 1)[-1].startswith(("imagen", "imagegeneration"))


@returns_failure
def build_predict(
    service: AnyService, config: LLMConfig, model: str, request: ImageRequest
) -> Built:
    """POST .../{model}:predict. Body: {instances: [{prompt}], parameters: {sampleCount, aspectRatio? ...}}.

    size: a ratio ("16:9") or 1K, 2K; others are dropped and reported. output_format: "png" or "jpeg".
    Fails with InvalidRequest (no prompt), UnsupportedFeature (input images), InvalidConfiguration (bad URL, no project).
    """
    require_prompt(service, request)
    if request.images or request.mask is not None:
        message = f"{model} generates images from text only; use a Gemini model to edit images"
        raise Rejected(UnsupportedFeature(message=message, feature="images", provider=service.name))
    adaptations: list[Adaptation] = []
    parameters: dict[str, Any] = {"sampleCount": min(request.n or 1, _MAX_IMAGES)}
    if request.n is not None and request.n > _MAX_IMAGES:
        reason = f"Imagen makes at most {_MAX_IMAGES} images"
        adaptations.append(clamped("n", reason, request.n, _MAX_IMAGES))
    size = size_fields(request.size, _SIZES, "sampleImageSize")
    parameters |= size
    if request.output_format:
        parameters["outputOptions"] = {"mimeType": f"image/{request.output_format}"}
    unsupported = ("size", *_UNSUPPORTED) if request.size and not size else _UNSUPPORTED
    drop_unsupported(model, request, unsupported, adaptations)
    body = {"instances": [{"prompt": request.prompt}], "parameters": parameters}
    url = ok(service.url_for(config, model, "predict"))
    return build_post(service, config, url, merge_objects(body, request.extra or {}), adaptations)


def require_prompt(service: AnyService, request: ImageRequest) -> None:
    """Raise Rejected with InvalidRequest for a blank prompt."""
    if not request.prompt.strip():
        message = "the prompt is empty"
        raise Rejected(InvalidRequest(message=message, param="prompt", provider=service.name))


def size_fields(size: str | None, sizes: tuple[str, ...], size_key: str) -> dict[str, str]:
    """{"aspectRatio"} of a ratio such as "16:9", {size_key} of a supported size, {} otherwise."""
    if size is not None and _RATIO.fullmatch(size):
        return {"aspectRatio": size}
    return {size_key: size} if size in sizes else {}


def drop_unsupported(
    owner: str, request: ImageRequest, fields: tuple[str, ...], adaptations: list[Adaptation]
) -> None:
    """Report the fields that are set as dropped. `owner`: the model or provider without them."""
    for field in fields:
        value = getattr(request, field)
        if value is not None:
            adaptations.append(dropped(field, f"{owner} has no {field} {value!r}", value))


@returns_failure
def parse_predict(service: AnyService, response: HttpResponse) -> ImagesResponse:
    """The images that passed the filters; the reasons for the others are in `extra["filtered"]`.

    Fails with ContentFiltered if none passed, also for an empty response, since Google then gives no reason.
    """
    raw = read_json(service, response, find_error)
    if not isinstance(raw, dict):
        raise Rejected(undecodable_error(service, response))
    rows = raw.get("predictions")
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    images = [
        _image(service, row, index)
        for index, row in enumerate(rows)
        if "bytesBase64Encoded" in row or row.get("gcsUri")
    ]
    reasons = [row["raiFilteredReason"] for row in rows if row.get("raiFilteredReason")]
    if not images:
        reason = "; ".join([str(reason) for reason in reasons]) or "no reason given"
        message = f"all images were removed by Google's filters: {reason}"
        raise Rejected(
            ContentFiltered(message=message, provider=service.name, status=response.status)
        )
    extra = {key: value for key, value in raw.items() if key != "predictions"}
    if reasons:
        extra["filtered"] = reasons
    others = [extra_fields(row, _KNOWN_FIELDS_ROW) for row in rows]
    if any(others):  # attributes of safety
        extra["predictions"] = others
    return ImagesResponse(images=tuple(images), provider=service.name, extra=extra)


def _image(service: AnyService, row: dict[str, Any], index: int) -> GeneratedImage:
    """An image, or its address in a bucket, where the request named one as `storageUri`.

    Source: google-genai 3.6.1, models.py; read 2026-11-30.
    """
    text, prompt, media_type, url = (
        row.get(key) for key in ("bytesBase64Encoded", "prompt", "mimeType", "gcsUri")
    )
    data = from_base64(text) if isinstance(text, str) and text else None
    url = url if isinstance(url, str) and url else None
    if data is None and url is None:
        where = f"$.predictions[{index}]"
        message = "the image is not valid base64"
        raise Rejected(ProtocolError(message=message, provider=service.name, where=where))
    return GeneratedImage(
        data=data,
        url=url,
        media_type=media_type_of(data or b"")
        or (media_type if isinstance(media_type, str) else None),
        revised_prompt=prompt if isinstance(prompt, str) else None,
    )


_KNOWN_FIELDS_ROW = frozenset(
    {"bytesBase64Encoded", "gcsUri", "mimeType", "prompt", "raiFilteredReason"}
)
