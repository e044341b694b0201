"""A typed answer. If the model sends a value that does not fit, it is asked again with the validation error."""

import msgspec

from llm_pure import LLM, LLMConfig, LLMResult


class City(msgspec.Struct):
    name: str
    inhabitants: int


def describe_city(llm: LLM, name: str) -> LLMResult[City]:
    """Name and inhabitants of a city, in at most three attempts."""
    return llm.ask_typed(City, f"How many people live in {name}?", attempts=3)


if __name__ == "__main__":
    with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna")) as client:
        print(describe_city(client, "Oslo"))
