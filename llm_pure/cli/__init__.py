"""The command `llm-pure`."""
