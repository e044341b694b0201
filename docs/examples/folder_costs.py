"""Tokens of every file in a folder, and what it would cost to send each: `python folder_costs.py FOLDER`."""

import sys
from pathlib import Path

from llm_pure import LLMConfig, estimate_cost, unwrap

config = LLMConfig(api_type="openai", model="gpt-4o")

for file in sorted(Path(sys.argv[1]).rglob("*.md")):
    estimate = unwrap(estimate_cost(file.read_text(), config, max_tokens=500))
    print(f"{file}: {estimate.input_tokens} tokens, {estimate.max_total_usd:.6f} USD")
