"""The batch service of DashScope's compatible API, which both of its providers use. Loaded when used."""

from llm_pure.adapters.dialects.openai_common.batch import FileBatches, file_batches
from llm_pure.core.batch_api import BatchApi, BatchLimits
from llm_pure.core.provider import Provider
from llm_pure.core.urls import UrlFor

_LIMITS = BatchLimits(
    max_requests=50_000,
    max_bytes=500_000_000,
    max_line_bytes=6_000_000,
    discount=0.5,
    source="help.aliyun.com, batch interfaces, by wire/batch.md 13, read 2026-11-29",
)


def batches(provider: Provider, url_for: UrlFor | None = None) -> BatchApi:
    """The batches of a provider whose `build_chat` makes bodies of the compatible API."""
    return file_batches(provider, FileBatches(limits=_LIMITS, key_field="ds_name"), url_for)
