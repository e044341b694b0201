"""The batch services of OpenAI and Azure OpenAI, of chat completions and of responses. Loaded when used.

Source: ../shared/wire/batch.md 0 to 2 (openai 3.57.0; learn.microsoft.com, by copies of its pages), read 2026-11-29.
"""

from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches
from llm_pure.adapters.shared.azure_openai import url_for_azure
from llm_pure.core.batch_api import BatchApi, BatchLimits
from llm_pure.core.provider import Provider

_OPENAI = BatchLimits(
    max_requests=50_000,
    max_bytes=200_000_000,
    discount=0.5,
    source="openai 3.57.0 batch_create_params.py and guides/batch, read 2026-11-29",
)
_AZURE = BatchLimits(
    max_requests=100_000,
    max_bytes=200_000_000,
    window_s=None,
    discount=0.5,
    source="learn.microsoft.com, Azure OpenAI global batch, read 2026-11-29",
)


def openai(provider: Provider, endpoint: str) -> BatchApi:
    """OpenAI's batches for this endpoint."""
    return file_batches(provider, FileBatches(limits=_OPENAI, endpoint=endpoint))


def azure(provider: Provider, endpoint: str) -> BatchApi:
    """Azure's batches: the model is a deployment for batches, and a file can be used once it is processed."""
    row = FileBatches(limits=_AZURE, endpoint=endpoint, ready_states=frozenset({"processed"}))
    return file_batches(provider, row, url_for_azure(provider.name))
