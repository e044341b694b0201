"""A MetaGPT project moved: config2.yaml stays, an action is a function of the client."""

import asyncio

from llm_pure import LLM, unwrap


async def write_summary(llm: LLM, text: str) -> str:
    """Was: `class WriteSummary(Action)` with `await self._aask(...)`."""
    return unwrap(await llm.aask(f"Summarize: {text}", system_msgs=["You are brief."]))


async def main() -> None:
    async with unwrap(LLM.from_config()) as llm:  # reads config/config2.yaml
        print(await write_summary(llm, "A long story about a pure function ..."))
        print(llm.get_costs().totals.calls, "call")


asyncio.run(main())
