"""Tokens of every file in a folder, and what it would cost to send each: `python folder_costs.py FOLDER`."""

import sys
from pathlib import Path

from llm_pure import LLMConfig, estimate_cost, fold

config = LLMConfig(api_type="openai", model="gpt-4o")

for file in sorted(Path(sys.argv[1]).rglob("*.md")):
    estimate = estimate_cost(file.read_text(), config, max_tokens=500)
    line = fold(estimate, lambda e: f"{e.input_tokens} tokens, {e.max_total_usd:.6f} USD", str)
    print(f"{file}: {line}")
