"""What services refuse though the types of their packages allow it: one row for each rule, with its source.

A rule's `check` returns the first violation in a body, None if there is none.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from llm_pure.schema.references import resolve_ref
from tests.support.acceptance.bodies import Sent, response_schema, sent_tools, subschemas
from tests.support.acceptance.wild import SIGNATURES

Violation = str | None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a service refuses."""

    name: str
    applies: Callable[[Sent], bool]
    check: Callable[[Sent], Violation]
    source: str


RULES: list[Rule] = []


def rule(
    applies: Callable[[Sent], bool], source: str
) -> Callable[[Callable[[Sent], Violation]], Callable[[Sent], Violation]]:
    """Add a rule of the function's name."""

    def add(check: Callable[[Sent], Violation]) -> Callable[[Sent], Violation]:
        RULES.append(Rule(name=check.__name__, applies=applies, check=check, source=source))
        return check

    return add


def first(violations: Iterator[str]) -> Violation:
    """The first of them."""
    return next(violations, None)


def anywhere(sent: Sent) -> bool:
    """Every service."""
    return True


def at(*providers: str) -> Callable[[Sent], bool]:
    """These providers."""
    return lambda sent: sent.provider in providers


def chat(sent: Sent) -> bool:
    """Chat completions."""
    return sent.is_chat


def claude(sent: Sent) -> bool:
    """The Messages API."""
    return sent.is_claude


def converse(sent: Sent) -> bool:
    """Converse."""
    return sent.is_converse


def gemini(sent: Sent) -> bool:
    """Gemini's contents."""
    return sent.dialect == "gemini_content"


OPENAI = ("openai", "azure", "github", "metagpt")
OPENAI_ALL = (*OPENAI, "openai_responses", "azure_responses")


# Schemas


def _has_schemas(sent: Sent) -> bool:
    return sent.dialect != "bedrock_invoke" or not sent.model.startswith("cohere")


@rule(
    _has_schemas,
    "requests.md 03, 06; langchain-mcp-adapters#137, Kiro#11026, DeepSeek-V3#874, strix#1088",
)
def tools_have_an_object_at_the_root(sent: Sent) -> Violation:
    return first(
        f"{tool.name}: {tool.schema}"
        for tool in sent_tools(sent)
        if tool.schema.get("type") != "object"
        or not isinstance(tool.schema.get("properties"), dict)
    )


@rule(at("ollama"), "ollama/ollama api/types.go: ToolFunctionParameters has no other keys")
def ollama_tools_have_only_these_keys_at_the_root(sent: Sent) -> Violation:
    known = {"type", "items", "required", "properties"}
    return first(str(tool.schema) for tool in sent_tools(sent) if set(tool.schema) - known)


@rule(
    _has_schemas, "requests.md 04; langchain#39271, opencode#47543, langchainjs#9804, opencodex#122"
)
def tools_have_no_combinator_at_the_root(sent: Sent) -> Violation:
    return first(
        f"{tool.name}: {key}"
        for tool in sent_tools(sent)
        for key in ("anyOf", "oneOf", "allOf", "$ref")
        if key in tool.schema
    )


@rule(at(*OPENAI_ALL), "langchainjs#9804: not and enum at the root too")
def openai_tools_have_no_enum_or_not_at_the_root(sent: Sent) -> Violation:
    return first(
        f"{tool.name}: {key}"
        for tool in sent_tools(sent)
        for key in ("enum", "not")
        if key in tool.schema
    )


@rule(at(*OPENAI_ALL), "'array schema missing items': fastcore#798, TeXRA#2323")
def arrays_have_items(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict) and "array" in _types(schema) and "items" not in schema
    )


@rule(
    _has_schemas,
    "JSON Schema draft 2020-12; claude-code#586, Dokploy/mcp#74, hermes-agent#20976, sglang#35242",
)
def schemas_are_draft_2020_12(sent: Sent) -> Violation:
    schemas = [(tool.name, tool.schema) for tool in sent_tools(sent)]
    answer, _ = response_schema(sent)
    schemas += [("answer", answer)] if answer is not None else []
    return first(
        f"{name}{path}: {why}"
        for name, root in schemas
        for path, schema in subschemas(root)
        for why in _draft_errors(schema, root)
    )


_JSON_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}


def _types(schema: dict[str, Any]) -> list[Any]:
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]


def _draft_errors(schema: Any, root: Any) -> Iterator[str]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{schema!r} is no schema"
        return
    if not set(map(str, _types(schema))) <= _JSON_TYPES:
        yield f"type {schema['type']!r}"
    if not isinstance(schema.get("items", {}), dict | bool):
        yield "items is a list"
    for key in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(schema.get(key), bool):
            yield f"{key} is a boolean"
    for key in ("anyOf", "oneOf", "allOf", "prefixItems", "enum"):
        if key in schema and not (isinstance(schema[key], list) and schema[key]):
            yield f"{key} is empty or no list"
    required = schema.get("required", [])
    if not isinstance(required, list) or len(set(required)) < len(required):
        yield f"required {required!r}"
    if not isinstance(schema.get("properties", {}), dict):
        yield "properties is no object"
    reference = schema.get("$ref")
    if isinstance(reference, str) and resolve_ref(root, reference) is None:
        yield f"{reference} has no target"


@rule(
    _has_schemas,
    "'enum value ... does not validate against': can1357/oh-my-pi#1835, #2711; MoonshotAI/walle",
)
def enum_values_have_the_type(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}: {schema}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict) and "type" in schema
        for value in schema.get("enum", ())
        if not _types_of(value) & set(_types(schema))
    )


def _types_of(value: Any) -> set[str]:
    match value:
        case None:
            return {"null"}
        case bool():
            return {"boolean"}
        case int() | float():
            return {"number"} | ({"integer"} if value == int(value) else set())
        case str():
            return {"string"}
        case _:
            return {"array" if isinstance(value, list) else "object"}


@rule(
    at("openai_responses", "azure_responses"),
    "'oneOf' is not permitted: can1357/oh-my-pi#920, justrach/codedb#440",
)
def responses_have_no_oneof(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict) and "oneOf" in schema
    )


@rule(
    at(*OPENAI_ALL, "groq"),
    "schema must have a 'type' key: can1357/oh-my-pi#211; no prefixItems: pydantic-ai#7315",
)
def strict_schemas_have_types(sent: Sent) -> Violation:
    known = {"type", "anyOf", "$ref"}
    return first(
        f"{tool.name}{path}: {schema}"
        for tool in sent_tools(sent)
        if tool.strict
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict) and (not known & set(schema) or "prefixItems" in schema)
    )


@rule(
    at("moonshot"),
    "MoonshotAI/walle, docs/validation-principles.md: references must start with #/$defs/",
)
def moonshot_refers_to_definitions(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict)
        and ("definitions" in schema or not re.match(r"#(/\$defs/.|$)", schema.get("$ref", "#")))
    )


@rule(at("moonshot"), "requests.md 06; kimi-code#2661, openclaw#113130, pi#5822")
def moonshot_schemas_have_a_type_and_none_beside_a_union(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}: {schema}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if _moonshot_error(schema)
    )


def _moonshot_error(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    has_union = "anyOf" in schema or "oneOf" in schema
    has_type = "type" in schema
    return (has_union and has_type) or not (
        has_union or has_type or "$ref" in schema or "allOf" in schema
    )


@rule(gemini, "mcp-server-excel#607 (D5), AIStudioToAPI#154, gcli2api#374")
def gemini_schemas_have_no_empty_enum_value_and_name_what_they_require(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict)
        and (
            "" in schema.get("enum", ())
            or None in schema.get("enum", ())
            or set(schema.get("required", ())) - set(schema.get("properties", ()))
            or ("$ref" in schema and len([key for key in schema if key[0] != "$"]))
        )
    )


@rule(at("groq"), "'required' present but 'properties' is missing: strix#1088, livekit/agents#4610")
def groq_names_what_it_requires(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict) and "required" in schema and "properties" not in schema
    )


@rule(at("xai"), "null in an enum: forgecode#2809")
def xai_has_no_null_in_an_enum(sent: Sent) -> Violation:
    return first(
        f"{tool.name}{path}"
        for tool in sent_tools(sent)
        for path, schema in subschemas(tool.schema)
        if isinstance(schema, dict) and None in schema.get("enum", ())
    )


def _claude_tools(sent: Sent) -> bool:
    return sent.is_claude or (sent.is_converse and "claude" in sent.model)


@rule(_claude_tools, "'Property keys should match pattern': claude-code#79418, n8n#30590")
def claude_property_names_match_the_pattern(sent: Sent) -> Violation:
    return first(
        f"{tool.name}: {name}"
        for tool in sent_tools(sent)
        for name in tool.schema.get("properties", ())
        if not re.fullmatch("[a-zA-Z0-9_.-]{1,64}", name)
    )


def _strict_like_openai(sent: Sent) -> bool:
    """Moonshot's strict schemas may be open, with optional properties (MoonshotAI/walle, docs/mfjs-spec.md)."""
    is_openai = sent.is_chat or sent.dialect == "openai_responses"
    return is_openai and sent.provider != "moonshot"


@rule(
    _strict_like_openai, "developers.openai.com, Structured Outputs; pydantic-ai profiles/openai.py"
)
def strict_schemas_are_closed_and_require_everything(sent: Sent) -> Violation:
    schemas = [tool.schema for tool in sent_tools(sent) if tool.strict]
    answer, strict = response_schema(sent)
    if strict:
        schemas.append(answer)
    return first(
        f"{path}: {schema}"
        for root in schemas
        for path, schema in subschemas(root)
        if isinstance(schema, dict)
        and "properties" in schema
        and (
            schema.get("additionalProperties") is not False
            or set(schema.get("required", ())) != set(schema["properties"])
        )
    )


# Names and ids

_NAME = "[a-zA-Z0-9_-]{1,64}"
_NAMES_OF = {
    "moonshot": "[a-zA-Z][a-zA-Z0-9_-]{2,63}",
    "dashscope": f"(?!search$){_NAME}",
    "dashscope_compatible": f"(?!search$){_NAME}",
}
_NAMES = {"gemini_content": "[a-zA-Z_][a-zA-Z0-9_.-]{0,63}", "cohere_chat": "[a-zA-Z_][a-zA-Z0-9_]{0,63}"}  # fmt: skip


@rule(
    lambda sent: sent.dialect != "ollama_native",
    "requests.md 31; qwen-code#6970, copilot-cli#2581, gemini-cli#7878",
)
def tool_names_match_the_pattern_and_are_unique(sent: Sent) -> Violation:
    pattern = _NAMES_OF.get(sent.provider) or _NAMES.get(sent.dialect, _NAME)
    names = [tool.name for tool in sent_tools(sent)]
    bad = [name for name in (*names, *_called(sent)) if not re.fullmatch(pattern, name)]
    return str(bad) if bad else None if len(set(names)) == len(names) else f"not unique: {names}"


def _called(sent: Sent) -> Iterator[str]:
    """Names of calls in the history."""
    for message in sent.messages:
        for call in message.get("tool_calls") or ():
            yield call["function"]["name"]
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part.get("type") == "tool_use":
                yield part["name"]
            if "toolUse" in part:
                yield part["toolUse"]["name"]
    for item in sent.body.get("input", ()) if sent.dialect == "openai_responses" else ():
        if item.get("type") == "function_call":
            yield item["name"]
    for turn in sent.body.get("contents", ()):
        for part in turn["parts"]:
            if "functionCall" in part:
                yield part["functionCall"]["name"]


def _call_ids(sent: Sent) -> list[str]:
    ids: list[str] = []
    for message in sent.messages:
        ids += [call["id"] for call in message.get("tool_calls") or () if "id" in call]
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part.get("type") == "tool_use":
                ids.append(part["id"])
            if "toolUse" in part:
                ids.append(part["toolUse"]["toolUseId"])
    for item in sent.body.get("input", ()) if sent.dialect == "openai_responses" else ():
        if item.get("type") == "function_call":
            ids.append(item["call_id"])
    return ids


@rule(
    lambda sent: sent.is_claude or sent.is_converse,
    "requests.md 02; Switchyard#502, trycua/cua#524",
)
def call_ids_are_unique(sent: Sent) -> Violation:
    ids = _call_ids(sent)
    return None if len(set(ids)) == len(ids) else str(ids)


@rule(
    anywhere,
    "Anthropic: '^[a-zA-Z0-9_-]+$'; Converse: [a-zA-Z0-9_.:-], 64 characters (botocore); OpenAI: 64, chat 40; Mistral: 9",
)
def call_ids_match_the_pattern(sent: Sent) -> Violation:
    pattern = r"[\s\S]{1,64}"
    if sent.is_claude:
        pattern = "[a-zA-Z0-9_-]{1,64}"
    elif sent.is_converse:
        pattern = "[a-zA-Z0-9_.:-]{1,64}"
    elif sent.provider == "mistral":
        pattern = "[a-zA-Z0-9]{9}"
    return first(call_id for call_id in _call_ids(sent) if not re.fullmatch(pattern, call_id))


# Order and emptiness of turns


@rule(chat, "requests.md 01; Factory-AI/factory#31, copilot-sdk#1922, agentscope#2612")
def every_call_is_answered_right_after_it(sent: Sent) -> Violation:
    waiting: set[str] = set()
    for number, message in enumerate(sent.messages):
        if message["role"] == "tool":
            waiting.discard(message.get("tool_call_id", ""))
            continue
        if waiting:
            return f"messages/{number} is {message['role']}, while {sorted(waiting)} wait"
        waiting = {call.get("id", "") for call in message.get("tool_calls") or ()}
    return str(waiting) if waiting else None


@rule(chat, "the same reports: a tool message must follow a message with tool_calls")
def no_result_stands_alone(sent: Sent) -> Violation:
    for before, message in pairwise([{"role": ""}, *sent.messages]):
        if message["role"] == "tool" and before["role"] != "tool" and not before.get("tool_calls"):
            return str(message)
    return None


@rule(
    lambda sent: sent.dialect == "openai_responses",
    "'No tool output found for function call', 'No tool call found for function call output'",
)
def responses_pair_calls_and_outputs(sent: Sent) -> Violation:
    items = sent.body["input"]
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    outputs = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    return None if sorted(calls) == sorted(outputs) else f"calls {calls}, outputs {outputs}"


@rule(
    claude,
    "Anthropic: 'tool_use ids were found without tool_result blocks immediately after'; results first in the turn",
)
def claude_calls_are_answered_in_the_next_turn(sent: Sent) -> Violation:
    turns = [*sent.messages, {"role": "user", "content": []}]
    for before, after in pairwise(turns):
        calls = [part["id"] for part in _parts(before) if part.get("type") == "tool_use"]
        kinds = [part.get("type") for part in _parts(after)]
        results = [
            part["tool_use_id"] for part in _parts(after) if part.get("type") == "tool_result"
        ]
        if sorted(calls) != sorted(results):
            return f"calls {calls}, results {results}"
        if results and "tool_result" in kinds[len(results) :]:
            return f"results are not first: {kinds}"
    return None


@rule(
    converse,
    "Converse: the same as Anthropic; 'toolResult blocks must be the same as toolUse blocks of the previous turn'",
)
def converse_calls_are_answered_in_the_next_turn(sent: Sent) -> Violation:
    turns = [*sent.messages, {"role": "user", "content": []}]
    for before, after in pairwise(turns):
        calls = [part["toolUse"]["toolUseId"] for part in _parts(before) if "toolUse" in part]
        results = [
            part["toolResult"]["toolUseId"] for part in _parts(after) if "toolResult" in part
        ]
        if sorted(calls) != sorted(results):
            return f"calls {calls}, results {results}"
    return None


def _parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content if isinstance(content, list) else []


@rule(claude, "requests.md 20; experiential#804 (live table)")
def claude_turns_have_text_that_is_not_blank(sent: Sent) -> Violation:
    for number, message in enumerate(sent.messages):
        parts = _parts(message)
        if not parts:
            return f"messages/{number} is empty"
        has_call = any(part.get("type") == "tool_use" for part in parts)
        for part in parts:
            if part.get("type") == "text" and (
                not part["text"] or not (part["text"].strip() or has_call)
            ):
                return f"messages/{number}: {part}"
    system = sent.body.get("system")
    texts = [system] if isinstance(system, str) else [part["text"] for part in system or ()]
    return first(repr(text) for text in texts if not text.strip())


@rule(converse, "requests.md 20; hermes-agent#60628, #67978")
def converse_has_no_blank_text(sent: Sent) -> Violation:
    for number, message in enumerate(sent.messages):
        if not _parts(message):
            return f"messages/{number} is empty"
        for part in _parts(message):
            inner = [part, *part.get("toolResult", {}).get("content", ())]
            if any("text" in block and not block["text"].strip() for block in inner):
                return f"messages/{number}: {part}"
    return first(
        str(block) for block in sent.body.get("system", ()) if not block.get("text", "x").strip()
    )


@rule(converse, "requests.md 15; litellm#36499, bifrost#5817")
def converse_documents_stand_beside_text(sent: Sent) -> Violation:
    return first(
        f"messages/{number}"
        for number, message in enumerate(sent.messages)
        if any("document" in part for part in _parts(message))
        and not any("text" in part for part in _parts(message))
    )


def _llama_or_mistral(sent: Sent) -> bool:
    return sent.is_converse and re.search(r"(meta\.|mistral\.)", sent.model) is not None


@rule(_llama_or_mistral, "requests.md 17; pydantic-ai#6098 (live table)")
def nothing_stands_beside_a_result(sent: Sent) -> Violation:
    return first(
        f"messages/{number}"
        for number, message in enumerate(sent.messages)
        if 0
        < len([part for part in _parts(message) if "toolResult" in part])
        < len(_parts(message))
    )


@rule(
    converse,
    "Converse: 'A conversation must start with a user message', roles alternate (other suites: Nova, Llama, Mistral, Writer; Claude: dify#12340)",
)
def converse_roles_alternate_from_the_user(sent: Sent) -> Violation:
    roles = [message["role"] for message in sent.messages]
    expected = ["user" if number % 2 == 0 else "assistant" for number in range(len(roles))]
    return None if roles == expected else str(roles)


@rule(gemini, "Gemini: 'contents.parts must not be empty'; a text part needs data")
def gemini_turns_have_parts(sent: Sent) -> Violation:
    return first(
        f"contents/{number}"
        for number, turn in enumerate(sent.body["contents"])
        if not turn.get("parts")
    )


@rule(
    gemini,
    "Gemini: 'function call turn comes immediately after a user turn or after a function response turn', responses right after",
)
def gemini_calls_are_answered_in_the_next_turn(sent: Sent) -> Violation:
    turns = [*sent.body["contents"], {"parts": []}]
    for before, after in pairwise(turns):
        calls = [part["functionCall"]["name"] for part in before["parts"] if "functionCall" in part]
        results = [
            part["functionResponse"]["name"]
            for part in after["parts"]
            if "functionResponse" in part
        ]
        if sorted(calls) != sorted(results):
            return f"calls {calls}, results {results}"
    return None


@rule(
    gemini,
    "'function call turn comes immediately after a user turn': gemini-cli#11814, OmniRoute#13573",
)
def gemini_calls_follow_a_user_turn(sent: Sent) -> Violation:
    opening = sent.body["contents"][0]
    calls = opening["role"] == "model" and any("functionCall" in p for p in opening["parts"])
    return str(opening) if calls else None


_NO_PREFILL = "gemini-3.5-flash-lite|gemini-3.[6-9]|gemini-[4-9]"


@rule(
    lambda sent: gemini(sent) and re.match(_NO_PREFILL, sent.model) is not None,
    "'Requests ending with a model turn are not supported': LibreChat-AI/agents#323, opencode#45359, #47034",
)
def new_geminis_do_not_continue_their_turn(sent: Sent) -> Violation:
    last = sent.body["contents"][-1]
    return str(last) if last["role"] == "model" else None


@rule(
    at("mistral", "moonshot", "xai"), "requests.md 25; OpenHands#8685, solbrowse#16, kimi-code#1985"
)
def assistants_turns_are_not_empty(sent: Sent) -> Violation:
    return first(
        f"messages/{number}: {message}"
        for number, message in enumerate(sent.messages)
        if message["role"] == "assistant"
        and not message.get("content")
        and not message.get("tool_calls")
    )


@rule(
    at("mistral"),
    "Mistral: 'Expected last role User or Tool ... but got assistant', no user right after tool",
)
def mistral_order_of_roles(sent: Sent) -> Violation:
    roles = [message["role"] for message in sent.messages]
    for before, after in pairwise(roles):
        if (before, after) == ("tool", "user"):
            return str(roles)
    last = sent.messages[-1]
    return str(roles) if roles[-1] == "assistant" and not last.get("prefix") else None


_NEW_CLAUDE = "(opus|sonnet)-4-[6-9]|(fable|mythos|opus|sonnet|haiku)-5"


@rule(
    lambda sent: sent.is_claude and re.search(_NEW_CLAUDE, sent.model) is not None,
    "D7: 'This model does not support assistant message prefill'",
)
def new_claudes_have_no_prefill(sent: Sent) -> Violation:
    return "the last turn is the assistant's" if sent.messages[-1]["role"] == "assistant" else None


# Replay


@rule(
    anywhere, "requests.md 12: 'Corrupted thought signature', 'Invalid signature in thinking block'"
)
def no_signature_of_another_provider(sent: Sent) -> Violation:
    own = {
        "anthropic_messages": "anthropic", "bedrock_converse": "bedrock", "bedrock_invoke": "bedrock",
        "gemini_content": "gemini", "openai_responses": "openai_responses",
    }.get(sent.dialect, sent.provider)  # fmt: skip
    text = sent.text()
    found = {name for name, signature in SIGNATURES.items() if signature in text}
    found -= {own, sent.provider}
    kin = {"anthropic"} if sent.is_claude or "claude" in sent.model else set()
    kin |= {"gemini"} if sent.dialect == "gemini_content" else set()
    return str(found - kin) if found - kin else None


def _gemini_3(sent: Sent) -> bool:
    return (
        sent.dialect == "gemini_content" and re.match(r"gemini-[3-9]|some", sent.model) is not None
    )


@rule(
    _gemini_3, "requests.md 11; pi#6996, pipecat#5809: the first call of a turn needs a signature"
)
def calls_of_gemini_3_are_signed(sent: Sent) -> Violation:
    for number, turn in enumerate(sent.body["contents"]):
        calls = [part for part in turn["parts"] if "functionCall" in part]
        if calls and not calls[0].get("thoughtSignature"):
            return f"contents/{number}"
    return None


@rule(lambda sent: sent.is_claude, "requests.md 22; opencode#3077")
def thinking_is_off_in_a_loop_without_thoughts(sent: Sent) -> Violation:
    if sent.body.get("thinking", {}).get("type") != "enabled":
        return None
    last = [message for message in sent.messages if message["role"] == "assistant"]
    in_loop = any(part.get("type") == "tool_result" for part in _parts(sent.messages[-1]))
    if not last or not in_loop:
        return None
    kind = _parts(last[-1])[0].get("type")
    return None if kind in ("thinking", "redacted_thinking") else f"the turn starts with {kind}"


# Fields


def _words(sent: Sent) -> str:
    """The text of the prompt."""
    return json.dumps(
        [sent.messages, sent.body.get("input"), sent.body.get("instructions")]
    ).lower()


@rule(
    at(*OPENAI_ALL, "deepseek", "dashscope", "dashscope_compatible"),
    "requests.md 14; vercel/ai#7913, trading-gpt#75",
)
def json_mode_has_the_word_json(sent: Sent) -> Violation:
    form = sent.settings.get("response_format") or sent.body.get("text", {}).get("format") or {}
    if form.get("type") != "json_object" or "json" in _words(sent):
        return None
    return "no word json"


def _no_tools_beside_formats(sent: Sent) -> bool:
    old_gemini = sent.dialect == "gemini_content" and re.match(
        r"gemini-(1|2)|learnlm|gemma", sent.model
    )
    return bool(old_gemini) or sent.provider in ("groq", "cohere")


@rule(
    _no_tools_beside_formats,
    "requests.md 13; python-genai#867, vercel/ai#16540, Cohere's reference",
)
def no_format_beside_tools(sent: Sent) -> Violation:
    form = sent.body.get("response_format") or sent.body.get("generationConfig", {}).get(
        "responseMimeType"
    )
    return "both" if form and sent.body.get("tools") else None


@rule(at("openai", "azure"), "requests.md 08; langchaingo#1484")
def metadata_needs_store(sent: Sent) -> Violation:
    return "metadata alone" if sent.body.get("metadata") and not sent.body.get("store") else None


@rule(
    lambda sent: (
        sent.provider in ("openai", "azure") and re.match("gpt-5(?!-chat)", sent.model) is not None
    ),
    "requests.md 07; smolagents#1671, litellm#15244",
)
def gpt_5_has_no_stop(sent: Sent) -> Violation:
    return "stop" if "stop" in sent.body else None


@rule(
    lambda sent: (
        sent.provider in ("openai", "azure", "openai_responses") and "gpt-6.2" in sent.model
    ),
    "surface.md 1: 'The API rejects requests that set reasoning effort to none'",
)
def gpt_6_2_has_no_effort_none(sent: Sent) -> Violation:
    effort = sent.body.get("reasoning_effort") or sent.body.get("reasoning", {}).get("effort")
    return "none" if effort == "none" else None


@rule(lambda sent: sent.is_converse and "meta." in sent.model, "requests.md 16; bifrost#3196")
def llamas_are_not_forced_to_call(sent: Sent) -> Violation:
    choice = sent.body.get("toolConfig", {}).get("toolChoice", {})
    return str(choice) if choice.keys() & {"tool", "any"} else None


_OPEN_QWEN = r"qwen3-[\d.]+b(?!.*instruct)"
"""The instruct models do not think at all."""


@rule(
    lambda sent: sent.provider == "dashscope" and re.match(_OPEN_QWEN, sent.model) is not None,
    "requests.md 26; langchain4j#3974, evalscope#998",
)
def open_qwen_models_do_not_think_without_a_stream(sent: Sent) -> Violation:
    thinks = sent.settings.get("enable_thinking")
    streamed = sent.settings.get("incremental_output") or sent.body.get("stream")
    return None if streamed or thinks is False else f"enable_thinking={thinks}"


@rule(at(*OPENAI), "requests.md 30; trpc-agent-go#1816, pydantic-ai#4445")
def documents_of_chat_completions_are_pdf(sent: Sent) -> Violation:
    return first(
        part["file"]["file_data"][:40]
        for message in sent.messages
        for part in _parts(message)
        if part.get("type") == "file"
        and not part["file"]
        .get("file_data", "data:application/pdf")
        .startswith("data:application/pdf")
    )


@rule(at("deepseek"), "other people's suites: DeepSeek refuses file parts")
def deepseek_gets_no_files(sent: Sent) -> Violation:
    return first(
        "file"
        for message in sent.messages
        for part in _parts(message)
        if part.get("type") == "file"
    )


@rule(
    claude,
    "Anthropic: max_tokens must be greater than thinking.budget_tokens, which is at least 1024; no forced tool with it",
)
def claude_budgets_fit(sent: Sent) -> Violation:
    thinking = sent.body.get("thinking", {})
    if thinking.get("type") != "enabled":
        return None
    budget, limit = thinking["budget_tokens"], sent.body["max_tokens"]
    if not 1024 <= budget < limit:
        return f"{budget} of {limit}"
    if sent.body.get("tool_choice", {}).get("type") in ("any", "tool"):
        return "a forced tool"
    return "temperature" if sent.body.get("temperature", 1) != 1 or "top_k" in sent.body else None
