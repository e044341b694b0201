"""Texts of errors for people: the cause, and the remedy, what to do next. `describe` in `errors` joins both."""

from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    IncompleteAnswer,
    InvalidConfiguration,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnknownPrice,
    UnsupportedFeature,
)

GENERAL: dict[type[LLMError], str] = {
    InvalidConfiguration: "correct the configuration; `llm-pure doctor` shows each setting and its source",
    UnsupportedFeature: "leave it out, or use another model; `llm-pure providers` lists what each provider supports",
    InvalidRequest: "correct the request; sent unchanged, it fails again",
    AuthenticationFailed: "use another key: `api_key` of LLMConfig, or the variable that `llm-pure providers` lists",
    PermissionDenied: "use a key, project or region that has access to the model, or request access for this one",
    NotFound: "check `model` and `base_url`; `llm-pure models -m PROVIDER` or LLM.list_models() lists the models",
    RateLimited: "wait, then send it again, or send fewer requests at once: LLM(limit=RateLimit(...))",
    QuotaExceeded: "add credit to the account, raise its limit, or use another key; waiting does not help",
    ContextLengthExceeded: "shorten the conversation (LLM(compress=...)), lower max_tokens, or use a model with a larger context",
    ContentFiltered: "change the content of the request, or use another model",
    Overloaded: "send it again later, or add another model: LLM(fallbacks=[...])",
    ServerError: "send it again later, or add another model: LLM(fallbacks=[...])",
    TimedOut: "raise `timeout` of LLMConfig, or timeout_s of the call",
    ConnectionFailed: "check the network, `base_url` and `proxy`, and that the server is running",
    ProtocolError: "check `base_url` and `api_type`; if both are right, report the response",
    StreamInterrupted: "send it again; error.partial has what was received",
    IncompleteAnswer: "use error.partial, or send it again",
    BudgetExceeded: "raise the budget, LLM(budget=...), or lower max_tokens",
    UnknownPrice: "add a price: LLM(prices={...}), or `prices:` in the configuration",
}  # fmt: skip
"""Member of LLMError -> what to do next, whatever the fields of the error."""

BY_FIELD: dict[tuple[type[LLMError], str], str] = {
    (InvalidConfiguration, "api_key"): "export the variable, or pass LLMConfig(api_key=...); `llm-pure doctor` shows what is read",
    (InvalidConfiguration, "api_type"): "use one of the providers that `llm-pure providers` lists",
    (InvalidConfiguration, "model"): "set `model` of LLMConfig, or write PROVIDER:MODEL after -m; `llm-pure models -m PROVIDER` lists the models",
    (InvalidConfiguration, "base_url"): "set `base_url` of LLMConfig to a URL such as http://127.0.0.1:8000/v1",
    (InvalidConfiguration, "file"): "pass the path of a file that exists; `llm-pure doctor` lists the files that are read",
    (TimedOut, "connect"): "check the network, `base_url` and `proxy`, and that the server is running, or raise `connect_timeout`",
    (TimedOut, "read"): "raise `timeout` of LLMConfig (and `read_timeout`, if it is set), or stream the answer",
    (TimedOut, "write"): "raise `timeout` of LLMConfig (and `write_timeout`, if it is set), or send a smaller request",
    (TimedOut, "pool"): "raise `max_connections` or `pool_timeout`, or send fewer requests at once",
    (TimedOut, "total"): "raise `timeout` of LLMConfig, or timeout_s of the call",
    (TimedOut, "budget"): "send it again, or give each group of processes a ledger of its own",
    (ConnectionFailed, "refused"): "start the server, or correct `base_url`",
    (ConnectionFailed, "unknown_host"): "check that this machine is online, and the host in `base_url`",
    (ConnectionFailed, "untrusted"): "set `tls_ca_file` of LLMConfig to the authority that signed the server's certificate",
    (IncompleteAnswer, "length"): "raise max_tokens, or go on from error.partial",
    (IncompleteAnswer, "content_filter"): "change the content of the request, or use error.partial",
    (IncompleteAnswer, "tool_calls"): "run the tools: run_tools(llm, request, tools), or take the calls from completion()",
    (IncompleteAnswer, "pause"): "send error.partial.message back to go on",
    (IncompleteAnswer, "error"): "send it again, or use error.partial",
}  # fmt: skip
"""Member and the value of its field in DECIDING_FIELDS -> what to do next."""

DECIDING_FIELDS: dict[type[LLMError], str] = {
    InvalidConfiguration: "field",
    TimedOut: "phase",
    ConnectionFailed: "cause",
    IncompleteAnswer: "finish_reason",
}
"""Member -> the field that decides what to do next."""

BY_CODE: dict[tuple[type[LLMError], str], str] = {
    (RateLimited, "client_limit"): "wait, or raise the client's own limit, LLM(limit=...)",
    (ConnectionFailed, "not_recorded"): "record the request, or change it to one that is recorded",
}
"""Member and code of an error that this library makes itself -> what to do next."""


def remedy_of(error: LLMError) -> str:
    """Return what to do next, in one line.

    >>> remedy_of(TimedOut(message="no response", phase="pool"))
    'raise `max_connections` or `pool_timeout`, or send fewer requests at once'
    """
    if error.remedy:
        return error.remedy
    kind = type(error)
    field = DECIDING_FIELDS.get(kind)
    value = str(getattr(error, field)) if field else ""
    special = BY_CODE.get((kind, error.code or "")) or BY_FIELD.get((kind, value))
    if special is not None:
        return special
    if isinstance(error, InvalidConfiguration) and value:
        return f"set `{value}` in LLMConfig or the configuration file; `llm-pure doctor` shows each setting and its source"
    return GENERAL[kind]


def cause_of(error: LLMError) -> str:
    """Return provider, kind, message, and facts for looking it up.

    >>> cause_of(RateLimited(message="slow down", provider="groq", status=429, retry_after_s=2.5))
    'groq: rate_limited: slow down (status 429, retry after 2.5 s)'
    """
    facts = [
        f"status {error.status}" if error.status is not None else "",
        f"code {error.code}" if error.code else "",
        f"request {error.request_id}" if error.request_id else "",
    ]
    match error:
        case RateLimited() | Overloaded() | ServerError():
            if error.retry_after_s is not None:
                facts.append(f"retry after {error.retry_after_s:g} s")
        case InvalidConfiguration() | NotFound():
            facts.append(
                f"did you mean {' or '.join(error.suggestions)}?" if error.suggestions else ""
            )
        case ProtocolError():
            facts.append(f"at {error.where}" if error.where else "")
            facts.append(f"found {error.evidence[:120]!r}" if error.evidence else "")
        case InvalidRequest():
            facts.append(f"at {error.param}" if error.param else "")
        case _:
            pass
    details = ", ".join(filter(None, facts))
    provider = f"{error.provider}: " if error.provider else ""
    return f"{provider}{error.kind}: {error.message}" + (f" ({details})" if details else "")
