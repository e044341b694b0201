"""The models that recordings are of: what a gateway serves that answers from cassettes and has no configuration."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

import msgspec

from llm_pure.framing.json_codec import json_object
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.checks.service_detection import Call, detect_call
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest

_IN_URL = re.compile(r"(?s)/models?/(?P<model>.+?)(?::[A-Za-z]+|/(?:converse|invoke)[a-z-]*)?\Z")
_OPERATION = re.compile(r"(?s)/(?:chat/completions|responses|messages|embeddings)(?:/.*)?\Z")


def recorded_models(cassettes: Iterable[Cassette]) -> dict[str, LLMConfig]:
    """Return name of a model -> its configuration, without a key. Interactions that are no calls of a model are skipped."""
    models: dict[str, LLMConfig] = {}
    for cassette in cassettes:
        for interaction in cassette.interactions:
            config = _config_of(interaction.request)
            if config is not None:
                models.setdefault(config.model, config)
    return models


def _config_of(request: HttpRequest) -> LLMConfig | None:
    call = detect_call(request)
    if not isinstance(call, Call) or call.operation not in ("chat", "embed"):
        return None
    body = json_object(request.body.decode("utf-8", "replace")) or {}
    path = unquote(urlsplit(request.url).path)
    match = _IN_URL.search(path)
    name = body.get("model") or (match["model"] if match else None)
    if not isinstance(name, str) or not name:
        return None
    config = LLMConfig(api_type=call.providers[0], model=name)
    operation = _OPERATION.search(path)
    if call.service or operation is None:
        return config
    base_url = request.url.split("?")[0].removesuffix(operation[0])
    return msgspec.structs.replace(config, base_url=base_url)
