"""A program as users write them: it makes its own client, and knows nothing of cassettes."""

from llm_pure import LLM, LLMConfig
from llm_pure.types.result import LLMResult

CONFIG = LLMConfig(
    api_type="openai",
    model="gpt-5-mini",
    api_key="sk-sample-not-a-key-00000000",
    base_url="https://api.openai.com/v1",
    max_token=4096,
)


def capital(country: str) -> LLMResult[str]:
    """The capital, as the model says it."""
    return LLM(CONFIG).ask(f"What is the capital of {country}?", system_msgs=[])


async def acapital(country: str) -> LLMResult[str]:
    """The same, async."""
    async with LLM(CONFIG) as llm:
        return await llm.aask(f"What is the capital of {country}?", system_msgs=[])


def capital_by_openai(base_url: str, country: str) -> str:
    """The same, by the official package."""
    import openai

    with openai.OpenAI(api_key="sk-sample-not-a-key-00000000", base_url=base_url) as client:
        answer = client.chat.completions.create(
            model="gpt-5-mini",
            messages=[{"role": "user", "content": f"What is the capital of {country}?"}],
        )
    return answer.choices[0].message.content or ""
