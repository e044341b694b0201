"""Mistral AI (La Plateforme): thinking stands in the content, call ids are nine letters and digits, fields are strict.

Unknown fields are refused with 422, so what mistralai's own types do not name is never sent.
Docs: mistralai 3.7.0 (PyPI), client/models/chatcompletionrequest.py; traffic recorded by pydantic-ai; read 2026-11-20.
"""

from llm_pure.adapt import ModelRule
from llm_pure.adapters.dialects import openai_chat
from llm_pure.adapters.dialects.openai_chat import not_here
from llm_pure.adapters.dialects.openai_media import MediaQuirks, with_media
from llm_pure.endpoint import below
from llm_pure.errors import NotFound
from llm_pure.operations import EmbedLimit

_NO_REASONING = (
    "codestral", "devstral", "ministral", "pixtral", "voxtral", "open-mistral", "open-mixtral",
)  # fmt: skip

_CHAT = openai_chat.provider(
    name="mistral",
    base_url="https://api.mistral.ai/v1",
    key_variables=("MISTRAL_API_KEY",),
    embeds=True,
    embed_limits=(
        EmbedLimit(
            texts=32, source="vercel/ai packages/mistral, maxEmbeddingsPerCall, read 2026-11-20"
        ),
    ),
    embed_names={"dimensions": "output_dimension", "encoding": "encoding_format"},
    lists=True,
    quirks=openai_chat.Quirks(
        renames={"seed": "random_seed"},
        rules=(
            ModelRule(
                prefix="magistral",
                reasoning="always",
                facts={"reasoning_style": "prompt_mode"},
                source="mistralai 3.7.0, prompt_mode; pydantic-ai cassettes, read 2026-11-20",
            ),
            ModelRule(
                prefix="mistral-",
                reasoning="off",
                efforts=("none", "high"),
                source="pydantic-ai models/mistral.py: none or high in practice, read 2026-11-20",
            ),
            *[
                ModelRule(
                    prefix=prefix, reasoning="none", source="docs.mistral.ai, read 2026-11-20"
                )
                for prefix in _NO_REASONING
            ],
        ),
        reasoning_style="effort",
        reasoning_replay="thinking_parts",
        tool_choices={"auto": "auto", "required": "any", "named": "named"},
        short_call_ids=True,
        empty_content="",
        turn_order="assistant_after_tools",
        speaker_names=False,
        tool_names=True,
        refusal_key=False,
        files="document_url",
        bare_audio=True,
        include_usage=False,
        done_required=True,
        error_words={"invalid_model": NotFound},
    ),
    source="mistralai 3.7.0 and pydantic-ai models/mistral.py, read 2026-11-20",
)

PROVIDER = with_media(
    _CHAT,
    below(_CHAT.name, _CHAT.base_url),
    ("transcribe", "moderate"),
    MediaQuirks(
        transcribe_refuses=not_here("mistral", "prompt", "response_format"),
        moderation_model="mistral-moderation-latest",
    ),
)
