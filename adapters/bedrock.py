"""Amazon Bedrock by its Converse API: a bearer token, or AWS credentials and Signature Version 4.

The default region is us-east-1; `region_name`, an ARN as the model, or a base URL name another. Batches need `batch_uri`,
`batch_role` and AWS credentials: their files are in S3.
Docs: docs.aws.amazon.com/bedrock/latest/APIReference, "Converse" and "ConverseStream"; read 2026-11-20.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from llm_pure.adapters.dialects import bedrock_converse
from llm_pure.core.provider import Provider

if TYPE_CHECKING:
    from llm_pure.core.batch_api import BatchApi


def _make_batch(provider: Provider) -> "BatchApi":
    from llm_pure.adapters.dialects.bedrock_converse.batch import invocation_batches  # late

    return invocation_batches(provider, "Converse")


PROVIDER = replace(
    bedrock_converse.provider(
        name="bedrock",
        source="docs.aws.amazon.com/bedrock/latest/APIReference and botocore 1.44.5, read 2026-11-20",
    ),
    make_batch=_make_batch,
)
