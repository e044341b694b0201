"""For each rule of `rules`: an input from the public reports, and a body that the service refuses.

The input is built and judged; the body shows that the rule can fail.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure import (
    Audio,
    Document,
    Image,
    JsonFormat,
    Message,
    NamedToolChoice,
    ProviderMetadata,
    Reasoning,
    Refusal,
    SchemaFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from tests.support.acceptance.wild import SIGNATURES
from tests.support.pdf import tiny_pdf
from tests.support.png import tiny_png
from tests.support.wav import tiny_wav


class Documented(msgspec.Struct, frozen=True):
    """An input, and a body that is refused."""

    provider: str
    model: str
    asked: Mapping[str, Any]
    refused: Mapping[str, Any]


STRING = {"type": "string"}
T = Tool(name="f")
CALL = assistant(ToolCall("c00000001", "f", "{}"))
UNSIGNED = assistant(ToolCall("c00000001", "f", "{}", ProviderMetadata("gemini")))
RESULT = tool_result("c00000001", "noon")
TWO_CALLS = assistant(ToolCall("c00000001", "f", "{}"), ToolCall("c00000002", "f", "{}"))
PARALLEL = (
    user("Look"),
    TWO_CALLS,
    Message(
        "tool",
        (ToolResult(tool_call_id="c00000001", content=(Text("taken"), Image(data=tiny_png()))),),
    ),
    tool_result("c00000002", "noon"),
)
TWICE = (user("q"), CALL, RESULT, CALL, RESULT)
FOREIGN = (user("q"), assistant(Reasoning("hm", SIGNATURES["anthropic"]), "a"), user("and?"))
LLAMA = "us.meta.llama4-scout-17b-instruct-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SONNET = "claude-sonnet-4-5"


def tool(schema: Any, **more: Any) -> dict[str, Any]:
    """A request with a tool of this schema."""
    return {"messages": "hi", "tools": (Tool(name="f", parameters=schema, **more),)}


def prop(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": schema}}


def function(schema: Any, name: str = "f", **more: Any) -> dict[str, Any]:
    """A body of chat completions with this function."""
    return {
        "tools": [{"type": "function", "function": {"name": name, "parameters": schema, **more}}]
    }


def turns(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


USER = {"role": "user", "content": "q"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}  # fmt: skip
USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]}
TOOL_USE = {
    "role": "assistant",
    "content": [{"toolUse": {"toolUseId": "c", "name": "f", "input": {}}}],
}
TOOL_RESULT = {
    "role": "user",
    "content": [{"toolResult": {"toolUseId": "c", "content": [{"text": "r"}]}}],
}

_SOUND = user("q", Audio(data=tiny_wav(), media_type="audio/wav"))

REFUSED_BY_TYPES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("llama_api", {"messages": (user("q"), assistant(Refusal("no")), user("q"))}),
    ("llama_api", {"messages": (_SOUND,)}),
    ("groq", {"messages": (_SOUND,)}),
    ("groq", {"messages": "q", "reasoning": "max"}),
)
"""(provider, an input that was once built to a body which is no value of the official package's types)"""

LOST: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    (
        "openai",
        "word1x",
        {
            "messages": (
                user("q"),
                assistant(Reasoning("word1x", None, ProviderMetadata("openai")), "a"),
                user("and?"),
            )
        },
    ),
)
"""(provider, word, an input whose word was once lost without an adaptation)"""

DOCUMENTED: Mapping[str, Documented] = {
    "tools_have_an_object_at_the_root": Documented("openai", "gpt-5-mini", tool({}), function({"type": "object"})),
    "tools_have_no_combinator_at_the_root": Documented(
        "anthropic", SONNET,
        tool({**prop(STRING), "anyOf": [{"required": ["x"]}]}),
        {"tools": [{"name": "f", "input_schema": {"type": "object", "anyOf": [{}]}}]},
    ),
    "openai_tools_have_no_enum_or_not_at_the_root": Documented(
        "openai", "gpt-5-mini", tool({**prop(STRING), "not": {"required": ["y"]}}), function({"type": "object", "not": {}}),
    ),
    "arrays_have_items": Documented("openai", "gpt-5-mini", tool(prop({"type": "array"})), function(prop({"type": "array"}))),
    "schemas_are_draft_2020_12": Documented(
        "anthropic", SONNET,
        tool(prop({"type": "integer", "minimum": 0, "exclusiveMinimum": True})),
        {"tools": [{"name": "f", "input_schema": prop({"type": "integer", "exclusiveMinimum": True})}]},
    ),
    "ollama_tools_have_only_these_keys_at_the_root": Documented(
        "ollama", "llama3.2", tool({**prop(STRING), "description": "d"}), function({**prop(STRING), "description": "d"}),
    ),
    "gemini_calls_follow_a_user_turn": Documented(
        "gemini", "gemini-2.5-flash", {"messages": (CALL, RESULT)},
        {"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}]},
    ),
    "new_geminis_do_not_continue_their_turn": Documented(
        "gemini", "gemini-3.6-flash", {"messages": (user("q"), assistant("a"), user("q"))},
        {"contents": [{"role": "model", "parts": [{"text": "a"}]}]},
    ),
    "enum_values_have_the_type": Documented(
        "anthropic", SONNET,
        tool(prop({"type": "string", "enum": ["a", None, 1]})),
        {"tools": [{"name": "f", "input_schema": prop({"type": "string", "enum": ["a", None]})}]},
    ),
    "responses_have_no_oneof": Documented(
        "openai_responses", "gpt-5.2",
        tool(prop({"oneOf": [STRING, {"type": "null"}]})),
        {"tools": [{"type": "function", "name": "f", "parameters": prop({"oneOf": [STRING]})}]},
    ),
    "strict_schemas_have_types": Documented(
        "openai", "gpt-5-mini", tool({**prop({}), "additionalProperties": False}, strict=True), function(prop({}), strict=True),
    ),
    "moonshot_refers_to_definitions": Documented(
        "moonshot", "kimi-k2.6",
        tool({**prop({"$ref": "#/definitions/D"}), "definitions": {"D": STRING}}),
        function({**prop({"$ref": "#/definitions/D"}), "definitions": {"D": STRING}}),
    ),
    "moonshot_schemas_have_a_type_and_none_beside_a_union": Documented(
        "moonshot", "kimi-k2.6",
        tool(prop({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})),
        function(prop({"type": "object", "anyOf": [{"type": "object"}]})),
    ),
    "gemini_schemas_have_no_empty_enum_value_and_name_what_they_require": Documented(
        "gemini", "gemini-2.5-flash",
        tool(prop({"type": "string", "enum": ["a", ""]})),
        {"tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": prop({"enum": [""]})}]}]},
    ),
    "groq_names_what_it_requires": Documented("groq", "llama-3.3-70b", tool(prop({"required": ["a"]})), function(prop({"required": ["a"]}))),
    "xai_has_no_null_in_an_enum": Documented("xai", "grok-4", tool(prop({"enum": ["a", None]})), function(prop({"enum": ["a", None]}))),
    "claude_property_names_match_the_pattern": Documented(
        "anthropic", SONNET,
        tool({"type": "object", "properties": {"filter[id]": STRING}}),
        {"tools": [{"name": "f", "input_schema": {"type": "object", "properties": {"$top": {}}}}]},
    ),
    "strict_schemas_are_closed_and_require_everything": Documented(
        "openai", "gpt-5-mini", tool(prop(STRING), strict=True), function(prop(STRING), strict=True),
    ),
    "tool_names_match_the_pattern_and_are_unique": Documented(
        "openai", "gpt-5-mini", {"messages": "hi", "tools": (Tool(name="lit.search"),)}, function(prop(STRING), name="lit.search"),
    ),
    "call_ids_are_unique": Documented("anthropic", SONNET, {"messages": TWICE, "tools": (T,)}, turns(USER, USE, USE)),
    "call_ids_match_the_pattern": Documented(
        "anthropic", SONNET,
        {"messages": (user("q"), assistant(ToolCall("fc|1", "f", "{}")), tool_result("fc|1", "r")), "tools": (T,)},
        turns({"role": "assistant", "content": [{"type": "tool_use", "id": "fc|1", "name": "f"}]}),
    ),
    "every_call_is_answered_right_after_it": Documented("openai", "gpt-4o", {"messages": PARALLEL, "tools": (T,)}, turns(USER, CALLED, USER)),
    "no_result_stands_alone": Documented(
        "openai", "gpt-4o", {"messages": PARALLEL, "tools": (T,)}, turns(USER, {"role": "tool", "tool_call_id": "c", "content": "r"}),
    ),
    "responses_pair_calls_and_outputs": Documented(
        "openai_responses", "gpt-5", {"messages": (user("q"), CALL, user("go on")), "tools": (T,)},
        {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]},
    ),
    "claude_calls_are_answered_in_the_next_turn": Documented("anthropic", SONNET, {"messages": PARALLEL, "tools": (T,)}, turns(USER, USE, USER)),
    "converse_calls_are_answered_in_the_next_turn": Documented("bedrock", CLAUDE, {"messages": PARALLEL, "tools": (T,)}, turns(USER, TOOL_USE)),
    "claude_turns_have_text_that_is_not_blank": Documented(
        "anthropic", SONNET, {"messages": (system("  "), user("q"))}, turns({"role": "user", "content": [{"type": "text", "text": " "}]}),
    ),
    "converse_has_no_blank_text": Documented(
        "bedrock", CLAUDE, {"messages": (user("q"), assistant("\n\n"), user("q"))}, turns({"role": "user", "content": [{"text": "\n"}]}),
    ),
    "converse_documents_stand_beside_text": Documented(
        "bedrock", CLAUDE, {"messages": (user(Document(data=tiny_pdf(), name="a.pdf")),)}, turns({"role": "user", "content": [{"document": {}}]}),
    ),
    "nothing_stands_beside_a_result": Documented(
        "bedrock", LLAMA,
        {"messages": (user("q"), CALL, RESULT, user("And in Rome?")), "tools": (T,)},
        turns({"role": "user", "content": [*TOOL_RESULT["content"], {"text": "and?"}]}),
    ),
    "converse_roles_alternate_from_the_user": Documented(
        "bedrock", LLAMA, {"messages": (assistant("Hello"), user("q"))}, turns({"role": "assistant", "content": []}),
    ),
    "gemini_turns_have_parts": Documented(
        "gemini", "gemini-2.5-flash", {"messages": (user("q"), assistant(), user("q"))}, {"contents": [{"role": "model", "parts": []}]},
    ),
    "gemini_calls_are_answered_in_the_next_turn": Documented(
        "gemini", "gemini-2.5-flash", {"messages": PARALLEL, "tools": (T,)}, {"contents": [{"parts": [{"functionCall": {"name": "f"}}]}]},
    ),
    "assistants_turns_are_not_empty": Documented(
        "xai", "grok-4",
        {"messages": (user("q"), assistant(Reasoning("hm", SIGNATURES["anthropic"])), user("q"))},
        turns({"role": "assistant", "content": ""}),
    ),
    "mistral_order_of_roles": Documented(
        "mistral", "mistral-large-latest", {"messages": (user("q"), assistant("Sure"))}, turns(USER, {"role": "assistant", "content": "Sure"}),
    ),
    "new_claudes_have_no_prefill": Documented(
        "anthropic", "claude-opus-4-6", {"messages": (user("q"), assistant("Sure"))}, turns(USER, {"role": "assistant", "content": "Sure"}),
    ),
    "no_signature_of_another_provider": Documented(
        "gemini", "gemini-2.5-flash", {"messages": FOREIGN}, {"contents": [{"parts": [{"thoughtSignature": SIGNATURES["anthropic"]}]}]},
    ),
    "calls_of_gemini_3_are_signed": Documented(
        "gemini", "gemini-3-flash-preview", {"messages": (user("q"), UNSIGNED, RESULT), "tools": (T,)},
        {"contents": [{"parts": [{"functionCall": {"name": "f"}}]}]},
    ),
    "thinking_is_off_in_a_loop_without_thoughts": Documented(
        "anthropic", SONNET, {"messages": (user("q"), CALL, RESULT), "tools": (T,), "reasoning": 4000},
        turns(USER, USE, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c"}]}, thinking={"type": "enabled", "budget_tokens": 4000}),
    ),
    "json_mode_has_the_word_json": Documented(
        "openai", "gpt-4o", {"messages": "Name two colours, as an object.", "response_format": JsonFormat()},
        turns(USER, response_format={"type": "json_object"}),
    ),
    "no_format_beside_tools": Documented(
        "groq", "openai/gpt-oss-120b", {"messages": "q", "tools": (T,), "response_format": SchemaFormat(schema=prop(STRING))},
        {**function(prop(STRING)), "response_format": {"type": "json_object"}},
    ),
    "metadata_needs_store": Documented("openai", "gpt-4o", {"messages": "q", "metadata": {"team": "docs"}}, turns(USER, metadata={"team": "docs"})),
    "gpt_5_has_no_stop": Documented("openai", "gpt-5-mini", {"messages": "q", "stop": ("END",)}, turns(USER, stop=["END"])),
    "gpt_6_2_has_no_effort_none": Documented("openai", "gpt-6.2-sol", {"messages": "hi", "tools": (T,)}, turns(USER, reasoning_effort="none")),
    "llamas_are_not_forced_to_call": Documented(
        "bedrock", LLAMA, {"messages": "q", "tools": (T,), "tool_choice": NamedToolChoice("f")},
        turns(USER, toolConfig={"toolChoice": {"tool": {"name": "f"}}}),
    ),
    "open_qwen_models_do_not_think_without_a_stream": Documented("dashscope", "qwen3-32b", {"messages": "q"}, {"model": "qwen3-32b", "parameters": {}}),
    "documents_of_chat_completions_are_pdf": Documented(
        "openai", "gpt-4o", {"messages": (user("q", Document(data=b"a,b", media_type="text/csv", name="a.csv")),)},
        turns({"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/csv;base64,YQ=="}}]}),
    ),
    "deepseek_gets_no_files": Documented(
        "deepseek", "deepseek-chat", {"messages": (user("q", Document(data=tiny_pdf(), name="a.pdf")),)},
        turns({"role": "user", "content": [{"type": "file", "file": {}}]}),
    ),
    "claude_budgets_fit": Documented(
        "anthropic", "some-model", {"messages": "q", "reasoning": "low", "max_tokens": 100},
        turns(USER, max_tokens=100, thinking={"type": "enabled", "budget_tokens": 4000}),
    ),
}  # fmt: skip
"""Rule -> its case. A typed error in place of a body is as good."""
