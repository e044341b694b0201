"""OpenAI's errors, usage and embeddings, shared by the dialects that carry them."""
