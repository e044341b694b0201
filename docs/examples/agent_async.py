"""The same agent, async: its tools may be coroutines, and calls of one turn run side by side."""

import asyncio

from llm_pure import LLM, LLMConfig, arun_tools, unwrap


async def weather(city: str) -> str:
    """The weather now."""
    await asyncio.sleep(0)  # such as a request
    return f"21 °C in {city}"


def fahrenheit(celsius: float) -> float:
    """Convert degrees."""
    return celsius * 9 / 5 + 32


async def main() -> None:
    async with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna")) as llm:
        run = unwrap(
            await arun_tools(llm, "How warm is Oslo, in Fahrenheit?", [weather, fahrenheit])
        )
    print(run.text)


asyncio.run(main())
