"""Embeddings: the checks of every request, and vectors out of the rows of a response."""

import struct
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from math import isfinite
from typing import Any

from llm_pure.adapters.dialects.common.adaptations import clamped, dropped
from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import AnyService, malformed_response
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import from_base64
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.rejection import Rejected

Vector = tuple[float, ...]


def check_embed_request(service: AnyService, config: LLMConfig, request: EmbedRequest) -> str:
    """Return the model. Raises Rejected with InvalidConfiguration for no model, with InvalidRequest for no or an empty text."""
    model = request.model or config.model
    if not model:
        message = "no model for embeddings"
        raise Rejected(InvalidConfiguration(message=message, field="model", provider=service.name))
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        raise Rejected(InvalidRequest(message=message, param="input", provider=service.name))
    return model


FIXED_DIMENSIONS: tuple[str, ...] = (
    "text-embedding-ada-",
    "embed-english-v", "embed-english-light-v", "embed-multilingual-v", "embed-multilingual-light-v",
    "mistral-embed", "bge-", "bce-embedding-", "text-embedding-v1", "text-embedding-v2", "embedding-2",
)  # fmt: skip
"""Prefixes of the models that refuse a number of dimensions: "This model does not support specifying dimensions."
(SciPhi-AI/R2R#768, camel-ai/camel#902); cohere 7.3.1 v2/raw_client.py, output_dimension: embed-v4 and newer; Mistral's 400 "This
model does not support output_dimension." (in public code); SiliconFlow, embeddings: "Only supported in Qwen/Qwen3 series"; DashScope's
v1 and v2 (in public code). Read 2026-11-30."""

LARGEST_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
"""Model -> "Must be less than or equal to 1536" (the 400, in public logs), read 2026-11-30; 3072 is the size of the other model."""


def dimensions_of(request: EmbedRequest, model: str, adaptations: list[Adaptation]) -> int | None:
    """The number of dimensions to send; None, with an adaptation, for models that have one number only."""
    if request.dimensions is not None and model.rpartition("/")[2].startswith(FIXED_DIMENSIONS):
        reason = f"{model} has one number of dimensions"
        adaptations.append(dropped("dimensions", reason, request.dimensions))
        return None
    largest = LARGEST_DIMENSIONS.get(model.rpartition("/")[2])
    if request.dimensions is not None and largest is not None and request.dimensions > largest:
        reason = f"{model} has at most {largest} dimensions"
        adaptations.append(clamped("dimensions", reason, request.dimensions, largest))
        return largest
    return request.dimensions


def drop_base64(service: AnyService, request: EmbedRequest, adaptations: list[Adaptation]) -> None:
    """Report `encoding="base64"` as dropped, for APIs that send vectors as plain numbers only."""
    if request.encoding == "base64":
        reason = f"{service.name} sends vectors as numbers only"
        adaptations.append(dropped("encoding", reason, request.encoding))


def decode_vector(row: list[float] | str) -> Vector | None:
    """The vector of a list of numbers, or of base64 text that holds little-endian float32; None for other text."""
    if isinstance(row, list):
        return tuple(row)
    data = from_base64(row)
    if data is None or len(data) % 4:
        return None
    return struct.unpack(f"<{len(data) // 4}f", data)


def decode_vectors(
    service: AnyService,
    response: HttpResponse,
    rows: Iterable[list[float] | str],
    *,
    invalid: str = "an embedding is neither floats nor base64 floats",
) -> tuple[Vector, ...]:
    """`decode_vector` of each row. Raises Rejected with ProtocolError: with the message `invalid` for text that is not a

    vector, and for NaN or infinity, with which every similarity would be NaN in silence.
    """
    vectors: list[Vector] = []
    for row in rows:
        vector = decode_vector(row)
        if vector is None:
            raise Rejected(malformed_response(service, response, invalid))
        if not isfinite(sum(vector)) and not all(map(isfinite, vector)):
            message = "an embedding holds NaN or infinity"
            raise Rejected(malformed_response(service, response, message))
        vectors.append(vector)
    return tuple(vectors)


def unread_rows(rows: Any, known: AbstractSet[str]) -> list[dict[str, Any]]:
    """The fields of each row besides the known ones, such as a sparse vector or a mark of cut text; [] if no row has any."""
    objects = (
        [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []
    )
    unread = [extra_fields(row, known) for row in objects]
    return unread if any(unread) else []


def in_index_order(rows: Iterable[tuple[int | None, list[float] | str]]) -> list[list[float] | str]:
    """The rows sorted by their index; a row without one keeps its position.

    >>> in_index_order([(1, "b"), (0, "a")])
    ['a', 'b']
    """
    indexed = [
        (position if index is None else index, row) for position, (index, row) in enumerate(rows)
    ]
    return [row for _, row in sorted(indexed, key=lambda pair: pair[0])]
