"""Meters by model: the family's rules and its tokenizer, loaded once in a process, with one memory of messages for each."""

from functools import cache

from llm_pure.effects.encodings import load_tokenizer
from llm_pure.result import Failure, Parsed, Success
from llm_pure.tokens import FAMILIES, Meter, family_for


def load_meter(model: str, plan: str | None = None) -> Parsed[Meter]:
    """What counts for a model. Fails with ConfigurationInvalid where its encoding is not here."""
    family = family_for(model, plan)
    place = FAMILIES.index(family) if family in FAMILIES else None
    loaded = load_tokenizer(family.encoding)
    return loaded if isinstance(loaded, Failure) else Success(_meter(place, model))


@cache
def _meter(place: int | None, model: str) -> Meter:
    family = family_for(model) if place is None else FAMILIES[place]
    return Meter(family=family, tokenizer=load_tokenizer(family.encoding).unwrap())
