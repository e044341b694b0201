"""What users make of a completion: structured output, code, tool calls, JSON repair."""
