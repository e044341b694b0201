"""What to do next after each kind of error, as tables. `describe` in `errors` shows it after the cause."""

from collections.abc import Mapping

from llm_pure.types.config import LLMConfig

GENERAL: Mapping[str, str] = {
    "configuration": "correct the configuration; `llm-pure doctor` shows each setting and its source",
    "unsupported": "leave it out, or use another model; `llm-pure providers` lists what each provider supports",
    "invalid_request": "correct the request; sent unchanged, it fails again",
    "authentication": "use another key: `api_key` of LLMConfig, or the variable that `llm-pure providers` lists",
    "permission": "use a key, project or region that has access to the model, or request access for this one",
    "not_found": "check `model` and `base_url`; `llm-pure models -m PROVIDER` or LLM.list_models() lists the models",
    "rate_limited": "wait, then send it again, or send fewer requests at once: LLM(limit=RateLimit(...))",
    "quota": "add credit to the account, raise its limit, or use another key; waiting does not help",
    "context_length": "shorten the conversation (LLM(compress=...)), lower max_tokens, or use a model with a larger context",
    "content_filtered": "change the content of the request, or use another model",
    "overloaded": "send it again later, or add another model: LLM(fallbacks=[...])",
    "server_error": "send it again later, or add another model: LLM(fallbacks=[...])",
    "timeout": "raise `timeout` of LLMConfig, or timeout_s of the call",
    "connection": "check the network, `base_url` and `proxy`, and that the server is running",
    "protocol": "check `base_url` and `api_type`; if both are right, report the response",
    "stream_interrupted": "send it again; error.partial has what was received",
    "incomplete": "use error.partial, or send it again",
    "budget_exceeded": "raise the budget, LLM(budget=...), or lower max_tokens",
    "price_unknown": "add a price: LLM(prices={...}), or `prices:` in the configuration",
}  # fmt: skip
"""Kind of error -> what to do next, whatever its fields."""

BY_FIELD: Mapping[tuple[str, str], str] = {
    ("configuration", "api_key"): "export the variable, or pass LLMConfig(api_key=...); `llm-pure doctor` shows what is read",
    ("configuration", "api_type"): "use one of the providers that `llm-pure providers` lists",
    ("configuration", "model"): "set `model` of LLMConfig, or write PROVIDER:MODEL after -m; `llm-pure models -m PROVIDER` lists the models",
    ("configuration", "base_url"): "set `base_url` of LLMConfig to a URL such as http://127.0.0.1:8000/v1",
    **dict.fromkeys(
        [("configuration", "llm"), ("configuration", "models")],
        "name a model as PROVIDER:MODEL, or write one into llm-pure.yaml; `llm-pure doctor` shows each file and model that is read",
    ),
    ("configuration", "transport"): "pass LLM another transport: the name of an installed one, or a Transport of your own",
    ("configuration", "budget"): "correct the budget, LLM(budget=...) or the configuration's, or the file of its ledger",
    ("configuration", "prices"): "correct the prices: LLM(prices=...), `prices:` of the configuration, or the file of $LLM_PURE_PRICES",
    ("configuration", "cassette"): "pass a cassette, or a folder of cassettes, that can be read and written",
    ("configuration", "directory"): "pass a folder that can be written, or one that does not exist yet",
    ("configuration", "prompt"): "correct the prompt",
    ("configuration", "file"): "pass the path of a file that exists; `llm-pure doctor` lists the files that are read",
    ("timeout", "connect"): "check the network, `base_url` and `proxy`, and that the server is running, or raise `connect_timeout`",
    ("timeout", "read"): "raise `timeout` of LLMConfig (and `read_timeout`, if it is set), or stream the answer",
    ("timeout", "write"): "raise `timeout` of LLMConfig (and `write_timeout`, if it is set), or send a smaller request",
    ("timeout", "pool"): "raise `max_connections` or `pool_timeout`, or send fewer requests at once",
    ("timeout", "total"): "raise `timeout` of LLMConfig, or timeout_s of the call",
    ("timeout", "budget"): "send it again, or give each group of processes a ledger of its own",
    ("connection", "refused"): "start the server, or correct `base_url`",
    ("connection", "unknown_host"): "check that this machine is online, and the host in `base_url`",
    ("connection", "untrusted"): "set `tls_ca_file` of LLMConfig to the authority that signed the server's certificate",
    ("incomplete", "length"): "raise max_tokens, or go on from error.partial",
    ("incomplete", "content_filter"): "change the content of the request, or use error.partial",
    ("incomplete", "tool_calls"): "run the tools: run_tools(llm, request, tools), or take the calls from completion()",
    ("incomplete", "pause"): "send error.partial.message back to go on",
    ("incomplete", "error"): "send it again, or use error.partial",
}  # fmt: skip
"""Kind of error and the value of its field in DECIDING_FIELDS -> what to do next."""

DECIDING_FIELDS: Mapping[str, str] = {
    "configuration": "field",
    "timeout": "phase",
    "connection": "cause",
    "incomplete": "finish_reason",
}
"""Kind of error -> the field that decides what to do next."""

BY_CODE: Mapping[tuple[str, str], str] = {
    ("rate_limited", "client_limit"): "wait, or raise the client's own limit, LLM(limit=...)",
    ("connection", "not_recorded"): "record the request, or change it to one that is recorded",
}
"""Kind and code of an error that this library makes itself -> what to do next."""


def remedy(kind: str, code: str = "", value: str = "") -> str:
    """Return what to do next, in one line. value: of the kind's field in DECIDING_FIELDS.

    >>> remedy("timeout", value="pool")
    'raise `max_connections` or `pool_timeout`, or send fewer requests at once'
    """
    special = BY_CODE.get((kind, code)) or BY_FIELD.get((kind, value))
    if special is not None:
        return special
    if kind == "configuration" and value in LLMConfig.__struct_fields__:
        return f"set `{value}` in LLMConfig or the configuration file; `llm-pure doctor` shows each setting and its source"
    return GENERAL[kind]
