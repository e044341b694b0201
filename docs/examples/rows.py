"""Thousands of rows with a budget: each answer is written at once, and the next run asks only for what is missing."""

import asyncio
import json
import sys
from pathlib import Path

from llm_pure import LLM, LLMConfig, LLMResult, fold


async def run(llm: LLM, rows: list[dict[str, str]], out: Path) -> dict[str, int]:
    """Answer the rows that `out` lacks. Return how many ended in which way."""
    lines = out.read_text().splitlines() if out.exists() else []
    done = {json.loads(line)["id"] for line in lines}
    todo = [row for row in rows if row["id"] not in done]
    ends: dict[str, int] = {"ok": 0}
    with out.open("a") as file:

        def keep(index: int, result: LLMResult[str]) -> None:
            kind = fold(result, ok=lambda _: "ok", err=lambda error: error.kind)
            ends[kind] = ends.get(kind, 0) + 1
            if kind == "ok":
                line = {"id": todo[index]["id"], "answer": result.unwrap()}
                file.write(json.dumps(line) + "\n")
                file.flush()

        prompts = [row["prompt"] for row in todo]
        await llm.aask_batch_parallel(prompts, max_concurrency=200, on_result=keep)
    return ends


async def main(source: str, out: str, max_usd: str) -> None:
    rows = [json.loads(line) for line in Path(source).read_text().splitlines()]
    config = LLMConfig(api_type="openai", model="gpt-4o-mini", max_token=100)
    async with LLM(config, "aiohttp", budget=max_usd) as llm:
        print(await run(llm, rows, Path(out)), llm.get_costs().totals.cost_usd)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
