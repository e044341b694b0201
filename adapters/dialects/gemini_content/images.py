"""Pictures from words, and from other pictures, by generateContent, as Gemini's image models make them: an answer whose
parts are pictures. Imagen's models are asked by `gemini_imagen`.

Source: the wire notes of this project, gemini.md section 8 (ai.google.dev, google-genai 3.4.0); read 2026-11-20.
"""

import re
from functools import partial
from typing import Any

import msgspec

from llm_pure.adapters.dialects.gemini_content.imagen import build_predict, is_imagen, parse_predict
from llm_pure.adapters.dialects.gemini_content.quirks import Place
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built, Operation, Provider
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ContentFiltered, InvalidRequest, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import media_type_of
from llm_pure.types.messages import Image, Text, user
from llm_pure.types.operations import GeneratedImage, ImageRequest, ImagesResponse
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

_RATIO = re.compile(r"\d{1,2}:\d{1,2}")
_SIZES = ("512", "1K", "2K", "4K")
_REFUSED = ("n", "quality", "style", "background", "output_format", "response_format")


def with_pictures(provider: Provider, place: Place) -> Provider:
    """The provider, with `images` by way of its own chat, and of Imagen. place: where a model's methods are."""
    operation = Operation(partial(build_images, provider, place), partial(parse_images, provider))
    return msgspec.structs.replace(provider, images=operation)


def build_images(
    provider: Provider, place: Place, config: LLMConfig, request: ImageRequest
) -> LLMResult[Built]:
    """POST .../{model}:generateContent with responseModalities TEXT and IMAGE; for a model of Imagen, as `build_predict`.

    size: a ratio ("16:9") or one of 512, 1K, 2K, 4K; another one is dropped and told, as is what only OpenAI has. The
    pictures to begin from stand before the prompt.
    Fails with InvalidRequest (no prompt), UnsupportedFeature (a mask), and as the provider's chat does.
    """
    model = request.model or config.model or ""
    if is_imagen(model):
        return build_predict(provider.name, place, config, model, request)
    if request.mask is not None:
        message = f"{provider.name} has no masks: say in the prompt what is to change"
        return Failure(UnsupportedFeature(message=message, feature="mask", provider=provider.name))
    if not request.prompt.strip():
        message = "there is no prompt to make a picture of"
        return Failure(InvalidRequest(message=message, param="prompt", provider=provider.name))
    generation: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    told: list[Adaptation] = []
    size = request.size or ""
    if _RATIO.fullmatch(size):
        generation["imageConfig"] = {"aspectRatio": size}
    elif size in _SIZES:
        generation["imageConfig"] = {"imageSize": size}
    for field in ("size", *_REFUSED):
        value = getattr(request, field)
        if value is not None and not (field == "size" and "imageConfig" in generation):
            reason = f"{provider.name} has no {field} {value!r} for pictures"
            told.append(Adaptation(field=field, action="dropped", reason=reason, before=value))
    chat = ChatRequest(
        messages=user(*[Image(data=data) for data in request.images], Text(request.prompt)),
        model=request.model,
        extra={"generationConfig": generation, **(request.extra or {})},
    )
    built = provider.build_chat(config, chat)
    return built.map(
        lambda one: msgspec.structs.replace(one, adaptations=(*one.adaptations, *told))
    )


def parse_images(provider: Provider, response: HttpResponse) -> LLMResult[ImagesResponse]:
    """The answer's pictures; ContentFiltered or ProtocolError where there is none, with the whole answer in `partial`."""
    decoded = decode_any(response.body, provider=provider.name).value_or(None)
    if isinstance(decoded, dict) and ("predictions" in decoded or decoded == {}):
        return parse_predict(provider.name, response)
    return provider.parse_chat(response).bind(lambda answer: _pictures(provider.name, answer))


def _pictures(name: str, answer: Completion) -> LLMResult[ImagesResponse]:
    found = [part for part in answer.message.parts if isinstance(part, Image)]
    if not found:
        why = f"there is no picture in the answer: {answer.raw_finish_reason or 'no reason given'}"
        if answer.finish_reason == "content_filter":
            return Failure(ContentFiltered(message=why, provider=name, partial=answer))
        return Failure(
            ProtocolError(message=why, provider=name, where="$.candidates", partial=answer)
        )
    pictures = [
        GeneratedImage(
            data=one.data,
            url=one.url,
            media_type=media_type_of(one.data or b"") or one.media_type,
        )
        for one in found
    ]
    return Success(
        ImagesResponse(
            pictures=tuple(pictures),
            model=answer.model,
            provider=name,
            usage=answer.usage,
            extra={"text": answer.text} if answer.text else {},
        )
    )
