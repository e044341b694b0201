"""Meters by model: the family's rules and its tokenizer, loaded once in a process, with one memory of messages for each."""

from functools import cache

from llm_pure.client.tokenizers import load_tokenizer
from llm_pure.tokens import TOKENIZER_PROFILES, TokenCounter, profile_for
from llm_pure.types.result import Failure, LLMResult, Success


def load_meter(model: str, plan: str | None = None) -> LLMResult[TokenCounter]:
    """What counts for a model. Fails with InvalidConfiguration where its encoding is not here."""
    family = profile_for(model, plan)
    place = TOKENIZER_PROFILES.index(family) if family in TOKENIZER_PROFILES else None
    loaded = load_tokenizer(family.encoding)
    return loaded if isinstance(loaded, Failure) else Success(_counter(place, model))


@cache
def _counter(place: int | None, model: str) -> TokenCounter:
    family = profile_for(model) if place is None else TOKENIZER_PROFILES[place]
    return TokenCounter(family=family, tokenizer=load_tokenizer(family.encoding).unwrap())
