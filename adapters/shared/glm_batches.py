"""The batch services of Zhipu and Z.ai, which differ in the endpoint of a job. Loaded when used."""

from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches
from llm_pure.core.batch_api import BatchApi, BatchLimits
from llm_pure.core.provider import Provider

_LIMITS = BatchLimits(
    max_requests=50_000,
    max_bytes=100_000_000,
    discount=0.5,
    source="docs.bigmodel.cn, batch-api-issues; zai-sdk 0.2.3, by wire/batch.md 14, read 2026-11-29",
)


def batches(provider: Provider, endpoint: str) -> BatchApi:
    """The batches for this endpoint. The input file stays until the job is cleaned."""
    row = FileBatches(
        limits=_LIMITS, endpoint=endpoint, create_fields={"auto_delete_input_file": False}
    )
    return file_batches(provider, row)
