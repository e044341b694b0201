"""One program over three HTTP libraries: the Completion is the same."""

import asyncio

from llm_pure import LLM, LLMConfig, unwrap

QUESTION = "Why is the sky blue?"
config = LLMConfig(api_type="openai", model="gpt-5.6-luna")


async def over(transport: str) -> str:
    async with LLM(config, transport) as llm:
        return unwrap(await llm.aask(QUESTION))


async def main() -> None:
    answers = [await over(transport) for transport in ("httpx", "httpx2", "aiohttp")]
    print(answers[0], len(set(answers)) == 1)


asyncio.run(main())
