"""Everything that the client adds unasked, and how to switch it off: the table of the page about the client.

`tests/client/test_unasked.py` proves both halves of every row.
"""

import msgspec


class Addition(msgspec.Struct, frozen=True):
    """One thing that is added."""

    name: str
    """Unique."""
    what: str
    """In the request, or beside it."""
    by: str
    """Which methods or services."""
    off: str
    """The arguments that switch it off, or set it."""


ADDITIONS = (
    Addition("system message", 'system message "You are a helpful assistant."', "ask, ask_batch_parallel, ask_code, ask_typed", "system_msgs=() or LLMConfig(use_system_prompt=False)"),
    Addition("stream", "stream: true", "ask, ask_batch, ask_batch_parallel", "LLMConfig(stream=False), or stream=False"),
    Addition("stream options", 'stream_options: {"include_usage": true}', "streams of chat completions", 'extra={"stream_options": {"include_usage": False}}'),
    Addition("max_tokens", "max_tokens, reported as an adaptation: the model's maximum", "Anthropic's models, whose API requires it", "set max_tokens"),
    Addition("file defaults", "max_token 4096, temperature 0.0", "models of configuration files that do not set them, as in MetaGPT", "set them in the file; LLMConfig of Python has no such defaults"),
    Addition("store", "store: false, include: reasoning.encrypted_content", "openai_responses, azure_responses", "store=True"),
    Addition("word JSON", '"Answer with a JSON object and nothing else.", reported as an adaptation', "JsonFormat() where the service requires the word JSON", "have the word JSON in a message"),
    Addition("thinking", "enable_thinking: false, reported as an adaptation", "Qwen's open models without a stream", "stream=True"),
    Addition("code tool", "the tool `execute`, whose call is forced", "ask_code", "ask"),
    Addition("schema", "the type's schema, as response format, tool or prompt; reported unless it is the format", "ask_typed", "ask, or completion with the response_format of your own"),
    Addition("headers", "headers accept, accept-encoding, user-agent and content-type", "every request", "LLMConfig(headers=(...,)) with one of the same name"),
    Addition("environment", "key, base URL, cloud settings and proxy of environment variables", "every client, where the configuration leaves them open", "LLM(env={})"),
    Addition("attempts", "up to 7 attempts after errors that may pass; each retry is logged as a warning", "every call", "LLM(retry=NO_RETRY)"),
    Addition("timeout", "600 s for a call, 10 s to connect", "every call", "LLMConfig(timeout=..., connect_timeout=...), timeout_s=..."),
    Addition("connections", "connections that stay open for 30 s", "clients inside `with`", "LLMConfig(keep_alive=...), or no `with`"),
    Addition("estimated usage", "a local count of tokens (`usage.estimated`), if the provider reports none", "completions", "LLMConfig(calc_usage=False)"),
    Addition("several calls", "a call for each batch of texts, and one for each page of models", "embed, list_models", "embed with no more texts than the provider takes at once; max_concurrency=1"),
    Addition("log", "a warning for each retry, and INFO for each adaptation, without a handler of its own", "every call", 'logging.getLogger("llm_pure").setLevel("ERROR")'),
)  # fmt: skip
"""In the order of the page."""


def markdown_table() -> str:
    """Return the table for the page about the client."""
    lines = ["| added unasked | by | switch off |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.by} | {row.off} |" for row in ADDITIONS]
    return "\n".join(lines)
