"""Amazon Bedrock by InvokeModel: each vendor's own body, for what Converse does not pass on, and for embeddings.

Credentials and regions as for the provider `bedrock`.
Docs: docs.aws.amazon.com/bedrock/latest/APIReference, "InvokeModel"; read 2026-11-20.
"""

from llm_pure.adapters.dialects import bedrock_invoke

PROVIDER = bedrock_invoke.provider(
    name="bedrock_invoke",
    source="docs.aws.amazon.com/bedrock/latest/APIReference and botocore 1.44.5, read 2026-11-20",
)
