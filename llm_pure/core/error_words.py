"""What the words of an error mean that its code and its status do not say: the kind, and how long to wait.

Loaded with the first error: no other response needs it.
"""

import re

from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    TimedOut,
)

ErrorType = type[LLMError]

_SEARCH_LIMIT = 4000
"""Characters of a message that are searched."""


def _any_of(*patterns: str) -> str:
    return "(?i)" + "|".join(patterns)


_TOO_LONG = re.compile(_any_of(
    r"context[ _-]?(?:length|window|size|limit)", r"maximum (?:context|prompt length|model length)",
    r"(?:prompt|input|request|token length) (?:is )?too long", r"too many (?:input )?tokens",
    r"input tokens? exceed", r"(?:prompt|input) token count.{0,40}exceeds",
    r"(?:exceeds?|exceeded) the (?:model'?s )?(?:maximum|limit).{0,40}tokens",
    r"maximum (?:number of )?(?:input )?tokens", r"exceeded model token limit",
    r"prompt_tokens.{0,20} must be less than", r"must have less than \d{1,9} tokens", r"tokens \+ `?max_new_tokens",
    r"size limit exceeded by \d{1,9} tokens",
    r"exceeds? (?:the )?max(?:imum)? (?:message tokens|input length)", r"prompt exceeds max", r"range of input length",
    r"input length.{0,20} exceeds", r"reduce the length of (?:the|your) (?:messages|prompt|input)",
    r"maximum input length is", r"input text length should not exceed", r"context the overflows", r"token count is \d{1,12} but model only supports",
    r"prompt ?\u8d85\u957f",  # Zhipu: the prompt is too long
))  # fmt: skip
"""Words of too long an input. Seen at OpenAI, Anthropic, Google, Mistral, Cohere, xAI, Groq, Cerebras, Moonshot, DashScope,
Ark, SiliconFlow, Zhipu, and of llama.cpp, vLLM, TGI, LM Studio and Ollama; read 2026-11-29. Others in litellm 1.110.2, exception_mapping_utils.py, read 2026-11-30."""
_WRONG_KEY = re.compile(_any_of(
    r"(?:incorrect|invalid|wrong|expired|unknown|missing) api[ _-]?(?:key|token)",
    r"api[ _-]?key[^.]{0,60}? (?:not (?:valid|found)|invalid|incorrect|expired)\b", r"api[ _-]?key (?:is |was )?missing(?! \w)",
    r"(?:no|not provide an) api[ _-]?key\b", r"invalid (?:authentication|auth token|access token|credentials in)",
    r"no auth credentials", r"authentication fails", r"login fail", r"carry the api secret key",
    r"invalid subscription key",
))  # fmt: skip
"""Words of a missing, wrong or expired key. Seen at OpenAI, xAI, Google, DeepSeek, Groq, DashScope, SiliconFlow, Cohere,
MiniMax, OpenRouter, Hugging Face and Azure; read 2026-11-29."""
_NO_MODEL = re.compile(_any_of(
    r"model not found", r"no such model", r"unknown model", r"model_not_found",
    r"model [^ ]{1,100} (?:was |is )?(?:not found|does not exist|not exist)", r"model (?:is |does )?not exist",
    r"not found the model", r"is not a valid model (?:id|name)", r"invalid model(?: name| id)?(?::|\.|$| passed| [`'\"])",
    r"has been decommissioned", r"model not supported by provider",
    r"model identifier is invalid", r"is not supported by any provider", r"unable to access model",
    r"\u6a21\u578b\u4e0d\u5b58\u5728",  # the model does not exist
))  # fmt: skip
"""Words of an unknown model. Seen at OpenAI, xAI, DeepSeek, DashScope, Moonshot, Mistral, SiliconFlow, Zhipu, Perplexity,
OpenRouter, Together, Fireworks, Groq, Cloudflare, GitHub, Hugging Face, Bedrock and of Ollama and vLLM; read 2026-11-29."""
_NO_MONEY = re.compile(_any_of(
    r"credit balance is too low", r"insufficient (?:account )?(?:balance|credits?|quota|funds)",
    r"balance is (?:insufficient|not enough)", r"exceeded your current (?:token )?quota", r"arrears",
    r"overdue balance", r"balance is overdue", r"reached your specified API usage limits",
    r"used all available credits", r"daily free allocation", r"usage limit for this (?:billing cycle|period)",
    r"monthly (?:included credits|spending limit)",
    r"(?:not have|doesn't have) any credits", r"credit limit exceeded", r"(?:session|daily|weekly|monthly) usage limit", r"API calls / month", r"free (?:tier|quota) [^.]{0,60}exhausted",
    r"out of extra usage", r"extra usage is required",
    r"(?:weekly|monthly) limit exhausted", r"usage limit reached for \d",  # Zhipu's plans
    r"(?:user|token) quota is not enough", r"\u989d\u5ea6(?:\u4e0d\u8db3|\u5df2\u7528\u5c3d)",  # one-api: the quota is used up
    r"\u4f59\u989d\u4e0d\u8db3|\u6b20\u8d39",  # the balance is not sufficient; in arrears
))  # fmt: skip
"""Words of a balance or a long-term quota that is used up. Seen at Anthropic, OpenAI, DeepSeek, SiliconFlow, Moonshot, Zhipu,
Ark, DashScope, xAI, Hugging Face, Together, Fireworks, MiniMax, OpenRouter and Ollama's cloud (a session is five hours);
read 2026-11-30."""
_DISABLED = re.compile(
    _any_of(r"(?:organization|account) has been (?:disabled|restricted|deactivated)")
)
_FILTERED = re.compile(_any_of(
    r"content management policy", r"content[ _-]?policy[ _]?violation", r"content filter(?:ing)? policy",
    r"flagged (?:as|for|by)\b", r"(?:our|the) safety system", r"violates? (?:our |the )?(?:usage|content|safety) (?:guideline|polic)",
    r"(?:blocked|rejected|filtered|refused) (?:by|due to) (?:the |our |a )?(?:content|safety|moderation|guardrail)",
    r"inappropriate content", r"violated guardrail", r"may contain sensitive information", r"may be related to copyright",
    r"content exists risk", r"responsible ?ai",
    r"\u654f\u611f\u5185\u5bb9|\u4e0d\u5b89\u5168\u6216\u654f\u611f",  # sensitive content; unsafe or sensitive
))  # fmt: skip
"""Words of a filter or a policy. Seen at OpenAI, Azure, Anthropic, xAI, DashScope, Zhipu, OpenRouter and LiteLLM; read 2026-11-29,
those of LiteLLM as generally known on 2026-11-30, unconfirmed; those of Ark in openstory-so/openstory#1680 and
those of DeepSeek in 666ghj/BettaFish#108, read 2026-11-30."""

_GENERAL: tuple[tuple[ErrorType, re.Pattern[str]], ...] = tuple(
    [
        (kind, re.compile(_any_of(*patterns)))
        for kind, patterns in (
            (RateLimited, (r"rate[ _-]?limit", r"resources? (?:has been )?exhausted", r"too many requests", r"throttl", r"(?:concurrency|parallel requests?) limit", r"quota exceeded")),
            (Overloaded, (r"overloaded", r"(?:at|over) (?:full )?capacity", r"capacity (?:is )?(?:temporarily )?exceeded", r"service (?:is )?(?:temporarily |currently )?unavailable",
                          r"server (?:is )?busy", r"loading model", r"high (?:demand|traffic|load)")),
            (TimedOut, (r"timed? ?out\b", r"deadline exceeded")),
            (AuthenticationFailed, (r"^authentication (?:error|failed)", r"\bunauthorized\b", r"\bunauthenticated\b", r"invalid token", r"token (?:is |has )?expired")),
            (PermissionDenied, (r"^forbidden\b", r"access denied", r"permission denied", r"not (?:have|allowed) (?:the )?(?:access|permission)")),
            (NotFound, (r"unexpected endpoint", r"\b404\b", r"^not found\b")),
            (InvalidRequest, (r"^(?:bad|invalid) request\b", r"validation error", r"^invalid (?:param|argument|value|input)")),
        )
    ]
)  # fmt: skip
"""Words of an error inside a 2xx response that has neither a code nor a status: nothing else says whether to try again."""


def kind_in_words(message: str, status: int, *, inside: bool, general: bool) -> ErrorType | None:
    """Return the kind that the words of a message name, None if they name none, or one that the status contradicts.

    `inside`: the error of a 2xx response. `general`: it has nothing but its words.
    """
    message = message[:_SEARCH_LIMIT]
    if status in (400, 403, 413, 422, 500) and _TOO_LONG.search(message):
        return ContextLengthExceeded
    if (inside or status in (400, 401, 403, 412, 429)) and _NO_MONEY.search(message):
        return QuotaExceeded
    if (inside or status in (400, 403, 422)) and _WRONG_KEY.search(message):
        return AuthenticationFailed
    if (inside or status in (400, 422)) and _NO_MODEL.search(message):
        return NotFound
    if (inside or status in (400, 403, 422, 451)) and _FILTERED.search(message):
        return ContentFiltered
    if (inside or status in (400, 403)) and _DISABLED.search(message):
        return PermissionDenied
    if general:
        return next((kind for kind, words in _GENERAL if words.search(message)), None)
    return None


_LIMIT_AND_REQUEST = re.compile(r"Limit:? (\d{1,12})(?:, Used:? \d{1,12})?, Requested:? (\d{1,12})")


def exceeds_limit(message: str) -> bool:
    """Return true for a request that alone has more tokens than the limit of a minute or a day: no wait makes it fit.

    >>> exceeds_limit("on tokens per min (TPM): Limit 30000, Requested 45000.")
    True
    """
    words = _LIMIT_AND_REQUEST.search(message[:_SEARCH_LIMIT])
    return words is not None and int(words[2]) > int(words[1])


_PIECE = r"(\d{1,9}(?:\.\d{1,12})?) ?(ms|milli|d|h|m|s)(?:ays?|ours?|rs?|in(?:ute)?s?|ec(?:ond)?s?|sec(?:ond)?s?)?(?![a-z])"
_PIECES = re.compile(f"(?i){_PIECE}")
_WAIT = re.compile(
    r"(?i)\b(?:try again|retry(?:ing)?|wait|reset(?:s|ting)?)(?: your request)?(?: in| after| for| at least| about| less than){0,3} "
    rf"({_PIECE}(?:(?:,| and)? ?{_PIECE}){{0,3}})"
)
_WAIT_IN_CHINESE = re.compile(r"(\d{1,9}) ?(\u79d2|\u5206\u949f|\u5c0f\u65f6)(?:\u4e4b)?\u540e")
_SECONDS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SECONDS_IN_CHINESE = {"\u79d2": 1.0, "\u5206\u949f": 60.0, "\u5c0f\u65f6": 3600.0}


def wait_in_words(message: str) -> float | None:
    """Return the seconds to wait in a message, None if it names none.

    Seen at OpenAI, Groq ("try again in 1m2.5s"), Azure ("retry after 26 seconds"), Google, GitHub, Moonshot; read 2026-11-29.

    >>> wait_in_words("Please retry after 1 hour and 5 minutes."), wait_in_words("The quota resets in 2h13m5s.")
    (3900.0, 7985.0)
    """
    message = message[:_SEARCH_LIMIT]
    wait = _WAIT.search(message)
    if wait is not None:
        pieces = _PIECES.findall(wait[1])
        return sum(float(number) * _SECONDS[unit.lower()] for number, unit in pieces)
    chinese = _WAIT_IN_CHINESE.search(message)
    return float(chinese[1]) * _SECONDS_IN_CHINESE[chinese[2]] if chinese else None
