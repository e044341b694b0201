"""Azure OpenAI: the Responses API at addresses of its own; `model` is the name of a deployment.

Docs: learn.microsoft.com, "Azure OpenAI Responses API"; openai-python 3.3.1 lib/azure.py; read 2026-11-20.
"""

from llm_pure.adapters.dialects import azure_openai, openai_responses
from llm_pure.adapters.dialects.openai_models import EMBED_LIMITS, RULES

PROVIDER = openai_responses.provider(
    name="azure_responses",
    base_url="",
    locate=azure_openai.places("azure_responses"),
    key_variables=azure_openai.KEY_VARIABLES,
    base_url_variables=azure_openai.ADDRESS_VARIABLES,
    variables=azure_openai.VARIABLES,
    authorize=azure_openai.key_or_token("azure_responses"),
    counts=True,
    embeds=True,
    embed_limits=EMBED_LIMITS,
    lists=True,
    quirks=openai_responses.Quirks(rules=RULES),
    source="learn.microsoft.com, Azure OpenAI Responses API, read 2026-11-20",
)
