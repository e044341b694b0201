"""Thousands of rows with a budget: each answer is kept at once, and the next run sends only the rows that lack one."""

import sys

from llm_pure import LLMConfig, unwrap
from llm_pure.bulk import RunSummary, open_run, run_local

CONFIG = LLMConfig(api_type="openai", model="gpt-4o-mini", max_token=100)


def answer(rows: str, directory: str, max_usd: str, **options) -> RunSummary:
    """Answer the rows of a file. The run is a folder, from which a later call goes on."""
    run = unwrap(open_run(directory, rows, config=CONFIG))
    return run_local(run, concurrency=200, budget=max_usd, **options)


if __name__ == "__main__":
    summary = answer(*sys.argv[1:])
    print(summary.reason, summary.counts.answered, summary.counts.cost_usd)
