"""Amazon Bedrock by its Converse API: a bearer token, or AWS credentials and Signature Version 4.

The default region is us-east-1; `region_name`, an ARN as the model, or a base URL name another.
Docs: docs.aws.amazon.com/bedrock/latest/APIReference, "Converse" and "ConverseStream"; read 2026-11-20.
"""

from llm_pure.adapters.dialects import bedrock_converse

PROVIDER = bedrock_converse.provider(
    name="bedrock",
    source="docs.aws.amazon.com/bedrock/latest/APIReference and botocore 1.44.5, read 2026-11-20",
)
