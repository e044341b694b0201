"""Images by generateContent, for Gemini's image models: the parts of the response are images. `imagen` has Imagen's models.

Source: the wire notes of this project, gemini.md section 8 (ai.google.dev, google-genai 3.4.0); read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.gemini_content.imagen import (
    build_predict,
    drop_unsupported,
    is_imagen,
    parse_predict,
    require_prompt,
    size_fields,
)
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.adapters.dialects.gemini_content.request import build_chat
from llm_pure.adapters.dialects.gemini_content.response import parse_chat
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ContentFiltered, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import Image, Text, user
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

_SIZES = ("512", "1K", "2K", "4K")
_UNSUPPORTED = ("n", "quality", "style", "background", "output_format", "response_format")


@returns_failure
def build_images(service: Service[Quirks], config: LLMConfig, request: ImageRequest) -> Built:
    """POST .../{model}:generateContent with responseModalities TEXT and IMAGE; for an Imagen model as `build_predict`.

    size: a ratio ("16:9") or one of 512, 1K, 2K, 4K; other sizes and OpenAI's own fields are dropped and reported. Input
    images are sent before the prompt.
    Fails with InvalidRequest (no prompt), UnsupportedFeature (a mask), and as `build_chat` does.
    """
    model = request.model or config.model or ""
    if is_imagen(model):
        return ok(build_predict(service, config, model, request))
    if request.mask is not None:
        message = f"{service.name} does not support masks; describe the change in the prompt"
        raise Rejected(UnsupportedFeature(message=message, feature="mask", provider=service.name))
    require_prompt(service, request)
    adaptations: list[Adaptation] = []
    size = size_fields(request.size, _SIZES, "imageSize")
    generation: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    if size:
        generation["imageConfig"] = size
    unsupported = _UNSUPPORTED if size else ("size", *_UNSUPPORTED)
    drop_unsupported(service.name, request, unsupported, adaptations)
    chat = ChatRequest(
        messages=user(*[Image(data=data) for data in request.images], Text(request.prompt)),
        model=request.model,
        extra={"generationConfig": generation, **(request.extra or {})},
    )
    built = ok(build_chat(service, config, chat))
    return Built(request=built.request, adaptations=(*built.adaptations, *adaptations))


@returns_failure
def parse_images(service: Service[Quirks], response: HttpResponse) -> ImagesResponse:
    """The images in the response. Fails with ContentFiltered or ProtocolError if there are none, with the completion as `partial`."""
    decoded = decode_any(response.body, provider=service.name).value_or(None)
    if isinstance(decoded, dict) and ("predictions" in decoded or not decoded):
        return ok(parse_predict(service, response))
    completion = ok(parse_chat(service, response))
    images = tuple(
        [
            GeneratedImage(
                data=part.data,
                url=part.url,
                media_type=media_type_of(part.data or b"") or part.media_type,
            )
            for part in completion.message.parts
            if isinstance(part, Image)
        ]
    )
    if not images:
        reason = completion.text or completion.raw_finish_reason or "no reason given"
        message = f"the response contains no image: {reason[:500]}"
        if completion.finish_reason == "content_filter":
            raise Rejected(
                ContentFiltered(message=message, provider=service.name, partial=completion)
            )
        raise Rejected(
            ProtocolError(
                message=message, provider=service.name, where="$.candidates", partial=completion
            )
        )
    return ImagesResponse(
        images=images,
        model=completion.model,
        provider=service.name,
        usage=completion.usage,
        extra={"text": completion.text} if completion.text else {},
    )
