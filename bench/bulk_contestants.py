"""One contestant of the bulk bench in a process of its own: `python bulk_contestants.py NAME URL ROWS CONCURRENCY`.

Prints {rows, answered, seconds, cpu_s, process_cpu_s}: the last with the start of the process. A script without imports from here, so that a peer's own environment can run it.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time

PROMPTS = "Is {} prime? Answer in one word, without any explanation."


def llm_pure_run(url: str, prompts: list[str], concurrency: int, budget: str | None = None) -> int:
    """A run in a folder, with its log, flushed as always."""
    from llm_pure import LLMConfig
    from llm_pure.bulk import open_run, run_local

    model = "bench" if budget is None else "gpt-4o-mini"
    config = LLMConfig(api_key="k", model=model, base_url=url, max_token=100)
    with tempfile.TemporaryDirectory() as folder:
        run = open_run(Path(folder, "run"), prompts, config=config).unwrap()
        return run_local(run, concurrency=concurrency, budget=budget).counts.answered


def llm_pure_budget(url: str, prompts: list[str], concurrency: int) -> int:
    """The same with a budget: the most that each call can cost is reserved before it is sent."""
    return llm_pure_run(url, prompts, concurrency, "1000")


def flexllm(url: str, prompts: list[str], concurrency: int) -> int:
    """`chat_batch` with its file of results."""
    from flexllm import LLMClient  # type: ignore[import-not-found,unused-ignore]

    messages = [[{"role": "user", "content": prompt}] for prompt in prompts]
    with tempfile.TemporaryDirectory() as folder:
        client = LLMClient(
            provider="openai",
            base_url=url,
            model="bench",
            api_key="k",
            concurrency_limit=concurrency,
        )
        texts = asyncio.run(
            client.chat_batch(
                messages, output_jsonl=str(Path(folder, "out.jsonl")), show_progress=False
            )
        )
        return sum(bool(text) for text in texts)


def async_batch_llm(url: str, prompts: list[str], concurrency: int) -> int:
    """`ParallelBatchProcessor` over the openai package, without artifacts."""
    import async_batch_llm as batch  # type: ignore[import-not-found,unused-ignore]
    from openai import AsyncOpenAI

    async def answer() -> int:
        async with AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client:
            model = batch.OpenAIModel("bench", client, api_surface="chat_completions")
            strategy = batch.OpenAIStrategy(model)
            config = batch.ProcessorConfig(concurrency=concurrency)
            processor = batch.ParallelBatchProcessor(config=config)
            async with processor:
                for number, prompt in enumerate(prompts):
                    item = batch.LLMWorkItem(item_id=str(number), strategy=strategy, prompt=prompt)
                    await processor.add_work(item)
                result = await processor.process_all()
            return int(result.succeeded)

    return asyncio.run(answer())


def curator(url: str, prompts: list[str], concurrency: int) -> int:
    """`curator.LLM`, online, with its cache in a folder of its own. The tokenizer's file is that of its litellm: no download."""
    litellm = find_spec("litellm")
    assert litellm is not None
    ranks = Path(str(litellm.origin)).parent / "litellm_core_utils/tokenizers"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            CURATOR_CACHE_DIR=folder,
            CURATOR_DISABLE_CACHE="1",
            TELEMETRY_ENABLED="false",
            TIKTOKEN_CACHE_DIR=str(ranks),
        )
        from bespokelabs import (  # type: ignore[import-not-found,unused-ignore]
            curator as bespoke,
        )

        llm = bespoke.LLM(
            model_name="gpt-4o-mini",
            backend="openai",
            backend_params={
                "base_url": url,
                "api_key": "k",
                "max_concurrent_requests": concurrency,
                "max_requests_per_minute": 10_000_000,
                "max_tokens_per_minute": 10_000_000_000,
                "require_all_responses": False,
            },
        )
        answers = llm(prompts)
        rows = getattr(answers, "dataset", answers)
        return sum(bool(row["response"]) for row in rows)


CONTESTANTS: dict[str, tuple[str, Callable[[str, list[str], int], int]]] = {
    "llm_pure bulk": ("llm_pure", llm_pure_run),
    "llm_pure bulk, budget": ("llm_pure", llm_pure_budget),
    "flexllm chat_batch": ("flexllm", flexllm),
    "async-batch-llm": ("async_batch_llm", async_batch_llm),
    "curator": ("bespokelabs.curator", curator),
}
"""Name -> (its package, the function that answers the prompts and returns how many it has)."""


def main(name: str, url: str, rows: int, concurrency: int) -> None:
    """Answer a few rows first, so that imports and connections of the measured ones are as they are in a long run."""
    contestant = CONTESTANTS[name][1]
    contestant(url, [PROMPTS.format(f"-{row}") for row in range(10)], concurrency)
    prompts = [PROMPTS.format(row) for row in range(rows)]
    began, began_cpu = perf_counter(), process_time()
    answered = contestant(url, prompts, concurrency)
    line = {
        "rows": rows,
        "answered": answered,
        "seconds": perf_counter() - began,
        "cpu_s": process_time() - began_cpu,
        "process_cpu_s": process_time(),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
