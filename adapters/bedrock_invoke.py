"""Amazon Bedrock by InvokeModel: each vendor's own body, for what Converse does not pass on, and for embeddings.

Credentials, regions and batches as for the provider `bedrock`.
Docs: docs.aws.amazon.com/bedrock/latest/APIReference, "InvokeModel"; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import bedrock_invoke
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.bedrock_converse.batch import invocation_batches  # late

    return invocation_batches(provider, "InvokeModel")


PROVIDER = replace(
    bedrock_invoke.provider(
        name="bedrock_invoke",
        source="docs.aws.amazon.com/bedrock/latest/APIReference and botocore 1.44.5, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
