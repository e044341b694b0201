"""Faults of other gateways, as their users reported them: what came in, and what is right to send.

Source: ../shared/gateway.md section 3, which lists the issues; read 2026-11-29. Faults of running programs (cancellation, budgets,
memory) are tested with the gateway.
"""

from typing import Any, NamedTuple

from llm_pure.types.media import base64_text
from tests.support.png import tiny_png

Json = dict[str, Any]
NOTHING: Json = {}


class RequestFault(NamedTuple):
    """A client's request that reached an upstream wrongly."""

    source: str
    dialect: str
    upstream: str
    body: Json
    expected: Json
    headers: tuple[tuple[str, str], ...] = ()


class AnswerFault(NamedTuple):
    """An upstream's answer that reached a client wrongly."""

    source: str
    upstream: str
    dialect: str
    answer: Json | bytes
    expected: Json
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    request: Json = NOTHING
    """Fields of the client's request that matter."""


class StreamFault(NamedTuple):
    """An upstream's stream that reached a client wrongly."""

    source: str
    upstream: str
    dialect: str
    chunks: tuple[Json, ...]
    expected: list[Any]
    request: Json = NOTHING


SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
ASK = {"role": "user", "content": "Ask."}
GO_ON = {"role": "user", "content": "Go on."}
F_CHAT = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
F_ANTHROPIC = {"name": "f", "input_schema": SCHEMA}
PICTURE = base64_text(tiny_png())
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Patch.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
}
PATCH_ITEMS = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Ask."}]},
    {"type": "custom_tool_call", "status": "completed", "call_id": "c1", "name": "apply_patch", "input": "*** Begin Patch\n"},
    {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
]  # fmt: skip


def use(call_id: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "id": call_id, "name": "f", "input": arguments}


def result(call_id: str, content: Any = "r") -> Json:
    return {"tool_use_id": call_id, "type": "tool_result", "content": content}


def call(call_id: str, arguments: str = "{}", name: str = "f") -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def completion(message: Json, finish_reason: str = "stop") -> Json:
    """An answer of OpenAI's chat completions, with 100 cached tokens of 157."""
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish_reason}  # fmt: skip
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": USAGE}  # fmt: skip


USAGE = {
    "prompt_tokens": 157,
    "completion_tokens": 7,
    "total_tokens": 164,
    "prompt_tokens_details": {"cached_tokens": 100},
}


def chunk(delta: Json, finish_reason: str | None = None, **fields: Any) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **fields}  # fmt: skip


LAST = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": USAGE}

IMAGE_RESULT = {
    "messages": [
        ASK,
        assistant(use("t1")),
        {
            "role": "user",
            "content": [
                result("t1", [{"type": "text", "text": "r"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}])
            ],
        },
    ],
    "tools": [F_ANTHROPIC],
}  # fmt: skip

CUT_CALL = completion({"tool_calls": [call("c1", '{"q":"x"}'), call("c2", '{"q":"x')]}, "length")

REQUESTS = (
    # 3.1 Pairing of tool calls and results
    RequestFault("vllm-project/vllm#34745: the id of a result is lost", "anthropic_messages", "openai",
        {"messages": [ASK, assistant(use("toolu_1", q="x")), {"role": "user", "content": [result("toolu_1")]}], "tools": [F_ANTHROPIC]},
        {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': None, 'tool_calls': [{'id': 'toolu_1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{"q":"x"}'}}]}, {'role': 'tool', 'tool_call_id': 'toolu_1', 'content': 'r'}], 'max_completion_tokens': 999, 'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}}]}),
    RequestFault("BerriAI/litellm#34516: ids changed one way only", "openai_chat", "anthropic",
        {"messages": [ASK, {"role": "assistant", "content": "", "tool_calls": [call("ToolSearch:15")]}, {"role": "tool", "tool_call_id": "ToolSearch:15", "content": "r"}], "tools": [F_CHAT]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 'ToolSearch_15', 'name': 'f', 'input': {}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'ToolSearch_15', 'content': 'r'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}),
    RequestFault("BerriAI/litellm#34516: the client's spelling comes back", "anthropic_messages", "openai",
        {"messages": [ASK, assistant(use("ToolSearch:15")), {"role": "user", "content": [result("ToolSearch:15")]}], "tools": [F_ANTHROPIC]},
        {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': None, 'tool_calls': [{'id': 'ToolSearch:15', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]}, {'role': 'tool', 'tool_call_id': 'ToolSearch:15', 'content': 'r'}], 'max_completion_tokens': 999, 'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}}]}),
    RequestFault("BerriAI/litellm#23510: a call is in the content and in tool_calls", "openai_chat", "anthropic",
        {"messages": [ASK, {**assistant({"type": "text", "text": "t"}, use("c1", q="x")), "tool_calls": [call("c1", '{"q": "x"}')]}, {"role": "tool", "tool_call_id": "c1", "content": "r"}], "tools": [F_CHAT]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'text', 'text': 't'}, {'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {'q': 'x'}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c1', 'content': 'r'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}),
    RequestFault("BerriAI/litellm#16525: a call without its result", "openai_chat", "anthropic",
        {"messages": [ASK, {"role": "assistant", "content": "", "tool_calls": [call("c1")]}, GO_ON], "tools": [F_CHAT]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c1', 'content': 'The call was interrupted: there is no result.', 'is_error': True}, {'type': 'text', 'text': 'Go on.'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}),
    RequestFault("OpenHands#7512: one of two calls has no result", "openai_chat", "anthropic",
        {"messages": [ASK, {"role": "assistant", "content": "", "tool_calls": [call("c1"), call("c2")]}, {"role": "tool", "tool_call_id": "c2", "content": "r"}, GO_ON], "tools": [F_CHAT]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {}}, {'type': 'tool_use', 'id': 'c2', 'name': 'f', 'input': {}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c1', 'content': 'The call was interrupted: there is no result.', 'is_error': True}, {'type': 'tool_result', 'tool_use_id': 'c2', 'content': 'r'}, {'type': 'text', 'text': 'Go on.'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}),
    RequestFault("getnao/nao#32: the conversation ends with a call", "anthropic_messages", "openai",
        {"messages": [ASK, assistant(use("c1"))], "tools": [F_ANTHROPIC]},
        {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': None, 'tool_calls': [{'id': 'c1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]}, {'role': 'tool', 'tool_call_id': 'c1', 'content': 'The call was interrupted: there is no result.'}], 'max_completion_tokens': 999, 'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}}]}),
    RequestFault("getnao/nao#32: a result whose call was cut off", "openai_chat", "anthropic",
        {"messages": [{"role": "tool", "tool_call_id": "c0", "content": "r"}, GO_ON], "tools": [F_CHAT]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'Result of a tool:'}, {'type': 'text', 'text': 'r'}, {'type': 'text', 'text': 'Go on.'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}),
    RequestFault("maximhq/bifrost#3511: schemas that Anthropic refuses", "openai_chat", "anthropic",
        {"messages": [ASK], "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "oneOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"properties": {"b": {"type": "string"}}}]}}},
            {"type": "function", "function": {"name": "g"}},
        ]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'a': {'type': 'string'}, 'b': {'type': 'string'}}}}, {'name': 'g', 'input_schema': {'type': 'object', 'properties': {}}}]}),
    RequestFault("BerriAI/litellm#31571: a custom tool to a model with functions", "openai_responses", "anthropic",
        {"input": PATCH_ITEMS, "tools": [PATCH]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 'c1', 'name': 'apply_patch', 'input': {'input': '*** Begin Patch\n'}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 'c1', 'content': 'done'}]}], 'tools': [{'name': 'apply_patch', 'description': 'Patch.\n\nThe input matches this grammar (lark):\nstart: /x/', 'input_schema': {'type': 'object', 'properties': {'input': {'type': 'string', 'description': 'The input, as plain text.'}}, 'required': ['input'], 'additionalProperties': False}}]}),
    RequestFault("router-for-me/CLIProxyAPI#5753: a custom tool to a server of chat completions without them", "openai_responses", "deepseek",
        {"input": PATCH_ITEMS, "tools": [PATCH]},
        {'model': 'deepseek-chat', 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'c1', 'type': 'function', 'function': {'name': 'apply_patch', 'arguments': '{"input":"*** Begin Patch\\n"}'}}], 'reasoning_content': ''}, {'role': 'tool', 'tool_call_id': 'c1', 'content': 'done'}], 'tools': [{'type': 'function', 'function': {'name': 'apply_patch', 'description': 'Patch.\n\nThe input matches this grammar (lark):\nstart: /x/', 'parameters': {'type': 'object', 'properties': {'input': {'type': 'string', 'description': 'The input, as plain text.'}}, 'required': ['input'], 'additionalProperties': False}}}]}),
    RequestFault("MetaFARS/codex-relay#39: a custom tool stays one where the upstream has it", "openai_responses", "openai_responses",
        {"input": PATCH_ITEMS, "tools": [PATCH]},
        {'model': 'gpt-5.2', 'input': [{'role': 'user', 'content': 'Ask.'}, {'type': 'custom_tool_call', 'call_id': 'c1', 'name': 'apply_patch', 'input': '*** Begin Patch\n', 'status': 'completed'}, {'type': 'custom_tool_call_output', 'call_id': 'c1', 'output': 'done'}], 'tools': [{'type': 'custom', 'name': 'apply_patch', 'description': 'Patch.', 'format': {'type': 'grammar', 'syntax': 'lark', 'definition': 'start: /x/'}}], 'include': ['reasoning.encrypted_content'], 'store': False}),
    RequestFault("10/chatgpt-codex-proxy#9: an item that is not known goes to its own API", "openai_responses", "openai_responses",
        {"input": [PATCH_ITEMS[0], {"type": "additional_tools", "role": "developer", "tools": [{"type": "namespace", "name": "n"}]}]},
        {'model': 'gpt-5.2', 'input': [{'role': 'user', 'content': 'Ask.'}, {'type': 'additional_tools', 'role': 'developer', 'tools': [{'type': 'namespace', 'name': 'n'}]}], 'include': ['reasoning.encrypted_content'], 'store': False}),
    RequestFault("10/chatgpt-codex-proxy#9: and to no other", "openai_responses", "openai",
        {"input": [PATCH_ITEMS[0], {"type": "additional_tools", "role": "developer", "tools": [{"type": "namespace", "name": "n"}]}]},
        {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Ask.'}]}),
    RequestFault("cline's ollama-ai-provider-v2: think unset, content a list, tool_name missing", "openai_chat", "ollama",
        {"messages": [ASK, {"role": "assistant", "content": [], "tool_calls": [call("c1")]}, {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "r"}]}], "tools": [F_CHAT]},
        {'model': 'qwen3-vl', 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'c1', 'function': {'name': 'f', 'arguments': {}}}]}, {'role': 'tool', 'content': 'r', 'tool_name': 'f', 'tool_call_id': 'c1'}], 'stream': False, 'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}}]}),
    # 3.2 Thinking and signatures
    RequestFault("router-for-me/CLIProxyAPI#570: thinking without a signature", "anthropic_messages", "anthropic",
        {"messages": [ASK, assistant({"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "a"}), GO_ON]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 999, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': 'a'}, {'role': 'user', 'content': 'Go on.'}]}),
    RequestFault("router-for-me/CLIProxyAPI#1584: another model's reasoning after a switch", "openai_chat", "anthropic",
        {"messages": [ASK, {"role": "assistant", "content": "a", "reasoning_content": "hm"}, GO_ON]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 64000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': 'a'}, {'role': 'user', 'content': 'Go on.'}]}),
    RequestFault("decolua/9router#885: a signature is kept byte for byte", "anthropic_messages", "anthropic",
        {"messages": [ASK, assistant({"type": "thinking", "thinking": "h\u00e9 \u2028m", "signature": "EpQ+/s=="}, use("t1")), {"role": "user", "content": [result("t1")]}], "tools": [F_ANTHROPIC], "thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 2000, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'thinking', 'thinking': 'hé \u2028m', 'signature': 'EpQ+/s=='}, {'type': 'tool_use', 'id': 't1', 'name': 'f', 'input': {}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 't1', 'content': 'r'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}], 'thinking': {'type': 'enabled', 'budget_tokens': 1024}}),
    RequestFault("maximhq/bifrost#6342: the order of thinking blocks", "anthropic_messages", "anthropic",
        {"messages": [ASK, assistant({"type": "thinking", "thinking": "1", "signature": "s1"}, {"type": "redacted_thinking", "data": "d"}, {"type": "thinking", "thinking": "2", "signature": "s2"}, {"type": "text", "text": "a"}, {"type": "thinking", "thinking": "3", "signature": "s3"}, use("t1")), {"role": "user", "content": [result("t1")]}], "tools": [F_ANTHROPIC]},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 999, 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': [{'type': 'thinking', 'thinking': '1', 'signature': 's1'}, {'type': 'redacted_thinking', 'data': 'd'}, {'type': 'thinking', 'thinking': '2', 'signature': 's2'}, {'type': 'text', 'text': 'a'}, {'type': 'thinking', 'thinking': '3', 'signature': 's3'}, {'type': 'tool_use', 'id': 't1', 'name': 'f', 'input': {}}]}, {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 't1', 'content': 'r'}]}], 'tools': [{'name': 'f', 'input_schema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}),
    RequestFault("ollama/ollama#15287: thinks although it was not asked to", "anthropic_messages", "ollama",
        {"messages": [ASK]},
        {'model': 'qwen3-vl', 'messages': [{'role': 'user', 'content': 'Ask.'}], 'stream': False, 'think': False, 'options': {'num_predict': 999}}),
    # 3.4 Stop reasons
    RequestFault("BerriAI/litellm#37118: stop sequences of Anthropic's clients", "anthropic_messages", "openai",
        {"messages": [ASK], "stop_sequences": ["END"]},
        {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Ask.'}], 'max_completion_tokens': 999, 'stop': ['END']}),
    RequestFault("BerriAI/litellm#37118: stop sequences of Gemini's clients", "gemini_content", "anthropic",
        {"contents": [{"role": "user", "parts": [{"text": "Ask."}]}], "generationConfig": {"stopSequences": ["END"], "maxOutputTokens": 9}},
        {'model': 'claude-sonnet-4-5', 'max_tokens': 9, 'messages': [{'role': 'user', 'content': 'Ask.'}], 'stop_sequences': ['END']}),
    # 3.6 Images and documents
    RequestFault("BerriAI/litellm#23712: an image in a result for Gemini", "anthropic_messages", "gemini", IMAGE_RESULT, {'contents': [{'role': 'user', 'parts': [{'text': 'Ask.'}]}, {'role': 'model', 'parts': [{'functionCall': {'name': 'f', 'args': {}}, 'thoughtSignature': 'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I='}]}, {'role': 'user', 'parts': [{'functionResponse': {'name': 'f', 'response': {'output': 'r'}, 'parts': [{'inlineData': {'mimeType': 'image/png', 'data': PICTURE}}]}}]}], 'tools': [{'functionDeclarations': [{'name': 'f', 'parametersJsonSchema': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}]}], 'generationConfig': {'maxOutputTokens': 999}}),
    RequestFault("router-for-me/CLIProxyAPI#4737, youssofal/MTPLX#441: an image in a result for chat completions", "anthropic_messages", "openai", IMAGE_RESULT, {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Ask.'}, {'role': 'assistant', 'content': None, 'tool_calls': [{'id': 't1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]}, {'role': 'tool', 'tool_call_id': 't1', 'content': 'r'}, {'role': 'user', 'content': [{'type': 'image_url', 'image_url': {'url': f"data:image/png;base64,{PICTURE}"}}]}], 'max_completion_tokens': 999, 'tools': [{'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}}]}),
    RequestFault("apache/maka#5277: an image in a result for Responses", "anthropic_messages", "openai_responses", IMAGE_RESULT, {'model': 'gpt-5.2', 'input': [{'role': 'user', 'content': 'Ask.'}, {'type': 'function_call', 'call_id': 't1', 'name': 'f', 'arguments': '{}'}, {'type': 'function_call_output', 'call_id': 't1', 'output': [{'type': 'input_text', 'text': 'r'}, {'type': 'input_image', 'image_url': f"data:image/png;base64,{PICTURE}", 'detail': 'auto'}]}], 'max_output_tokens': 999, 'tools': [{'type': 'function', 'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}, 'strict': False}], 'include': ['reasoning.encrypted_content'], 'store': False}),
    RequestFault("diegosouzapw/OmniRoute#8459: an image is an image for Ollama", "anthropic_messages", "ollama",
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Ask."}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}]}]},
        {'model': 'qwen3-vl', 'messages': [{'role': 'user', 'content': 'Ask.', 'images': [PICTURE]}], 'stream': False, 'think': False, 'options': {'num_predict': 999}}),
    # 3.12 Prompt caches
    RequestFault("insightflo/chatgpt-codex-proxy#2, waybarrios/vllm-mlx#277: a billing line that changes, keys and tools in another order", "anthropic_messages", "openai",
        {"system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cc_entrypoint=cli; cch=abc;"}, {"type": "text", "text": "Be brief."}], "messages": [ASK], "tools": [{"name": "z", "input_schema": {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}}, F_ANTHROPIC]},
        {'model': 'gpt-4o', 'messages': [{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Ask.'}], 'max_completion_tokens': 999, 'tools': [{'type': 'function', 'function': {'name': 'z', 'parameters': {'type': 'object', 'properties': {'b': {'type': 'string'}, 'a': {'type': 'string'}}}}}, {'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {'q': {'type': 'string'}}}}}], 'prompt_cache_key': 'e8bc163c82eee18733288c7d4ac636db'},
        (("x-claude-code-session-id", "s1"),)),
)  # fmt: skip

STOPS: dict[str, Json] = {
    "anthropic_messages": {'status': 200, 'body': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [{'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {'q': 'x'}}], 'stop_reason': 'tool_use', 'stop_sequence': None, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}}, "openai_chat": {'status': 200, 'body': {'id': 'c', 'object': 'chat.completion', 'created': 0, 'model': 'm', 'choices': [{'index': 0, 'message': {'role': 'assistant', 'content': None, 'refusal': None, 'tool_calls': [{'id': 'c1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{"q":"x"}'}}]}, 'logprobs': None, 'finish_reason': 'tool_calls'}], 'usage': {'prompt_tokens': 157, 'completion_tokens': 7, 'total_tokens': 164, 'prompt_tokens_details': {'cached_tokens': 100}}}}, "openai_responses": {'status': 200, 'body': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'completed', 'model': 'm', 'output': [{'id': 'fc_c_0', 'type': 'function_call', 'status': 'completed', 'call_id': 'c1', 'name': 'f', 'arguments': '{"q":"x"}'}], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': {'input_tokens': 157, 'output_tokens': 7, 'total_tokens': 164, 'input_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}}}, "gemini_content": {'status': 200, 'body': {'candidates': [{'content': {'role': 'model', 'parts': [{'functionCall': {'id': 'c1', 'name': 'f', 'args': {'q': 'x'}}}]}, 'finishReason': 'STOP', 'index': 0}], 'usageMetadata': {'promptTokenCount': 157, 'candidatesTokenCount': 7, 'cachedContentTokenCount': 100, 'totalTokenCount': 164}, 'modelVersion': 'm', 'responseId': 'c'}}, "ollama_native": {'status': 200, 'body': {'model': 'm', 'created_at': '1970-01-01T00:00:00Z', 'message': {'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'c1', 'function': {'name': 'f', 'arguments': {'q': 'x'}}}]}, 'done': True, 'done_reason': 'stop', 'prompt_eval_count': 157, 'prompt_eval_cached_count': 100, 'eval_count': 7}},
}  # fmt: skip
"""Dialect -> the answer with a call."""
CUTS: dict[str, Json] = {
    "anthropic_messages": {'status': 200, 'body': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [{'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {'q': 'x'}}], 'stop_reason': 'max_tokens', 'stop_sequence': None, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}}, "openai_chat": {'status': 200, 'body': {'id': 'c', 'object': 'chat.completion', 'created': 0, 'model': 'm', 'choices': [{'index': 0, 'message': {'role': 'assistant', 'content': None, 'refusal': None, 'tool_calls': [{'id': 'c1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{"q":"x"}'}}, {'id': 'c2', 'type': 'function', 'function': {'name': 'f', 'arguments': '{"q":"x'}}]}, 'logprobs': None, 'finish_reason': 'length'}], 'usage': {'prompt_tokens': 157, 'completion_tokens': 7, 'total_tokens': 164, 'prompt_tokens_details': {'cached_tokens': 100}}}}, "openai_responses": {'status': 200, 'body': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'incomplete', 'model': 'm', 'output': [{'id': 'fc_c_0', 'type': 'function_call', 'status': 'completed', 'call_id': 'c1', 'name': 'f', 'arguments': '{"q":"x"}'}, {'id': 'fc_c_1', 'type': 'function_call', 'status': 'incomplete', 'call_id': 'c2', 'name': 'f', 'arguments': '{"q":"x'}], 'error': None, 'incomplete_details': {'reason': 'max_output_tokens'}, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': {'input_tokens': 157, 'output_tokens': 7, 'total_tokens': 164, 'input_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}}}, "gemini_content": {'status': 200, 'body': {'candidates': [{'content': {'role': 'model', 'parts': [{'functionCall': {'id': 'c1', 'name': 'f', 'args': {'q': 'x'}}}]}, 'finishReason': 'MAX_TOKENS', 'index': 0}], 'usageMetadata': {'promptTokenCount': 157, 'candidatesTokenCount': 7, 'cachedContentTokenCount': 100, 'totalTokenCount': 164}, 'modelVersion': 'm', 'responseId': 'c'}}, "ollama_native": {'status': 200, 'body': {'model': 'm', 'created_at': '1970-01-01T00:00:00Z', 'message': {'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'c1', 'function': {'name': 'f', 'arguments': {'q': 'x'}}}]}, 'done': True, 'done_reason': 'length', 'prompt_eval_count': 157, 'prompt_eval_cached_count': 100, 'eval_count': 7}},
}  # fmt: skip
"""Dialect -> the answer with a call and another one that was cut."""
SAME_LINES: list[Any] = [
    *[
        {
            "model": "m",
            "created_at": "1970-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": "a"},
            "done": False,
        }
    ]
    * 101,
    *[
        {
            "model": "m",
            "created_at": "1970-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 157,
            "prompt_eval_cached_count": 100,
            "eval_count": 7,
        }
    ],
]

ANSWERS = (
    # 3.1
    AnswerFault("farion1231/cc-switch#3669: a patch in JSON", "deepseek", "openai_responses",
        completion({"tool_calls": [call("c1", '{"input":"*** Begin Patch\\n"}', "apply_patch")]}, "tool_calls"), {'status': 200, 'body': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'completed', 'model': 'm', 'output': [{'id': 'ctc_c_0', 'type': 'custom_tool_call', 'status': 'completed', 'call_id': 'c1', 'name': 'apply_patch', 'input': '*** Begin Patch\n'}], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': {'input_tokens': 157, 'output_tokens': 7, 'total_tokens': 164, 'input_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}}}, request={"tools": [PATCH]}),
    AnswerFault("farion1231/cc-switch#3669: a patch in a code fence and JSON", "deepseek", "openai_responses",
        completion({"tool_calls": [call("c1", '{"patch":"```diff\\n*** Begin Patch\\n```"}', "apply_patch")]}, "tool_calls"), {'status': 200, 'body': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'completed', 'model': 'm', 'output': [{'id': 'ctc_c_0', 'type': 'custom_tool_call', 'status': 'completed', 'call_id': 'c1', 'name': 'apply_patch', 'input': '*** Begin Patch'}], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': {'input_tokens': 157, 'output_tokens': 7, 'total_tokens': 164, 'input_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}}}, request={"tools": [PATCH]}),
    AnswerFault("farion1231/cc-switch#3669: a patch in a here-document", "deepseek", "openai_responses",
        completion({"tool_calls": [call("c1", '{"command":["apply_patch","apply_patch <<\'EOF\'\\n*** Begin Patch\\nEOF\\n"]}', "apply_patch")]}, "tool_calls"), {'status': 200, 'body': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'completed', 'model': 'm', 'output': [{'id': 'ctc_c_0', 'type': 'custom_tool_call', 'status': 'completed', 'call_id': 'c1', 'name': 'apply_patch', 'input': '*** Begin Patch\n'}], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': {'input_tokens': 157, 'output_tokens': 7, 'total_tokens': 164, 'input_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}}}, request={"tools": [PATCH]}),
    # 3.2
    AnswerFault("ggml-org/llama.cpp#18542, #20090: reasoning with a complete block", "deepseek", "anthropic_messages",
        completion({"reasoning_content": "hm", "content": "a"}), {'status': 200, 'body': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [{'type': 'thinking', 'thinking': 'hm', 'signature': 'bGxtLXB1cmUxWYWGnlt7InByb3ZpZGVyIjoiZGVlcHNlZWsiLCJraW5kIjoicmVhc29uaW5nIiwiY2hlY2tzdW0iOjM3NTgwMjY0MjEsImxlbmd0aCI6Mn1d'}, {'type': 'text', 'text': 'a'}], 'stop_reason': 'end_turn', 'stop_sequence': None, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}}),
    # 3.3 Usage and cache tokens
    AnswerFault("chenyme/grok2api#748, icebear0828/codex-proxy#587: cached input counted twice", "openai", "anthropic_messages", completion({"content": "a"}), {'status': 200, 'body': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [{'type': 'text', 'text': 'a'}], 'stop_reason': 'end_turn', 'stop_sequence': None, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}}),
    AnswerFault("SamSaffron/term-llm#297: cached input of Anthropic is part of OpenAI's", "anthropic", "openai_chat",
        {"id": "c", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 50, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7, "output_tokens": 7}}, {'status': 200, 'body': {'id': 'c', 'object': 'chat.completion', 'created': 0, 'model': 'm', 'choices': [{'index': 0, 'message': {'role': 'assistant', 'content': 'a', 'refusal': None}, 'logprobs': None, 'finish_reason': 'stop'}], 'usage': {'prompt_tokens': 157, 'completion_tokens': 7, 'total_tokens': 164, 'prompt_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 7}}}}),
    # 3.4 Stop reasons
    *[AnswerFault(f"BerriAI/litellm#34692, NVIDIA/NemoClaw#7967: calls, but the reason is stop ({dialect})", "openai", dialect, completion({"tool_calls": [call("c1", '{"q":"x"}')]}), expected) for dialect, expected in STOPS.items()],
    *[AnswerFault(f"router-for-me/CLIProxyAPI#5836: a call that was cut is no call ({dialect})", "openai", dialect, CUT_CALL, expected) for dialect, expected in CUTS.items()],
    # 3.8 Errors and retry-after
    AnswerFault("tombii/better-ccflare#236: 529 to a client of OpenAI's", "anthropic", "openai_chat",
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, {'status': 503, 'retry-after': '7', 'retry-after-ms': '7000', 'body': {'error': {'message': 'Overloaded', 'type': 'server_error', 'param': None, 'code': 'server_is_overloaded'}}}, 529, (("retry-after", "7"),)),
    AnswerFault("tombii/better-ccflare#271: 503 to a client of Anthropic's", "openai", "anthropic_messages",
        {"error": {"message": "busy", "type": "server_error", "code": "server_is_overloaded"}}, {'status': 529, 'retry-after': '2', 'body': {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'busy'}, 'request_id': None}}, 503, (("retry-after-ms", "1500"),)),
    AnswerFault("BerriAI/litellm#37754: retry-after and unified status", "anthropic", "anthropic_messages",
        {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}, {'status': 429, 'retry-after': '3600', 'anthropic-ratelimit-unified-status': 'rejected', 'body': {'type': 'error', 'error': {'type': 'rate_limit_error', 'message': 'slow'}, 'request_id': None}}, 429, (("retry-after", "3600"), ("anthropic-ratelimit-unified-status", "rejected"), ("set-cookie", "x"))),
    AnswerFault("snipeship/ccflare#54: what must not be tried again says so", "openai", "anthropic_messages",
        {"error": {"message": "no key sk-x", "code": "invalid_api_key"}}, {'status': 500, 'x-should-retry': 'false', 'body': {'type': 'error', 'error': {'type': 'api_error', 'message': "the gateway's credentials for the upstream are refused"}, 'request_id': None}}, 401),
    AnswerFault("BerriAI/litellm#4387: a page of HTML", "openai", "openai_chat", b"<html>502</html>", {'status': 502, 'retry-after': '3', 'retry-after-ms': '3000', 'body': {'error': {'message': '<html>502</html>', 'type': 'server_error', 'param': None, 'code': None}}}, 502, (("retry-after", "3"),)),
)  # fmt: skip

STREAMS = (
    StreamFault("BerriAI/litellm#33678, #37792: calls whose index is always 0", "openai", "anthropic_messages",
        (chunk({"tool_calls": [{"index": 0, **call("c1", '{"q":1}')}]}), chunk({"tool_calls": [{"index": 0, **call("c2", '{"q":2}')}]}), chunk({}, "tool_calls"), LAST), [{'type': 'message_start', 'message': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [], 'stop_reason': None, 'stop_sequence': None, 'usage': {'input_tokens': 0, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': None, 'output_tokens': 0}}}, {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {}}}, {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'input_json_delta', 'partial_json': '{"q":1}'}}, {'type': 'content_block_stop', 'index': 0}, {'type': 'content_block_start', 'index': 1, 'content_block': {'type': 'tool_use', 'id': 'c2', 'name': 'f', 'input': {}}}, {'type': 'content_block_delta', 'index': 1, 'delta': {'type': 'input_json_delta', 'partial_json': '{"q":2}'}}, {'type': 'content_block_stop', 'index': 1}, {'type': 'message_delta', 'delta': {'stop_sequence': None, 'stop_reason': 'tool_use'}, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}, {'type': 'message_stop'}]),
    StreamFault("BerriAI/litellm#33224, QuantumNous/new-api#5482, orangeboyChen/codebuddy2api#11: blocks, indexes and their ends", "openai", "anthropic_messages",
        (chunk({"content": "a"}), chunk({"reasoning_content": "r"}), chunk({"content": "b"}), chunk({"tool_calls": [{"index": 3, **call("c1")}]}), chunk({}, "tool_calls"), LAST), [{'type': 'message_start', 'message': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [], 'stop_reason': None, 'stop_sequence': None, 'usage': {'input_tokens': 0, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': None, 'output_tokens': 0}}}, {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'text', 'text': ''}}, {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': 'a'}}, {'type': 'content_block_stop', 'index': 0}, {'type': 'content_block_start', 'index': 1, 'content_block': {'type': 'thinking', 'thinking': '', 'signature': ''}}, {'type': 'content_block_delta', 'index': 1, 'delta': {'type': 'thinking_delta', 'thinking': 'r'}}, {'type': 'content_block_delta', 'index': 1, 'delta': {'type': 'signature_delta', 'signature': 'bGxtLXB1cmUxVSi791t7InByb3ZpZGVyIjoib3BlbmFpIiwia2luZCI6InJlYXNvbmluZyIsImNoZWNrc3VtIjoxODEyNTk0NTg5LCJsZW5ndGgiOjF9XQ=='}}, {'type': 'content_block_stop', 'index': 1}, {'type': 'content_block_start', 'index': 2, 'content_block': {'type': 'text', 'text': ''}}, {'type': 'content_block_delta', 'index': 2, 'delta': {'type': 'text_delta', 'text': 'b'}}, {'type': 'content_block_stop', 'index': 2}, {'type': 'content_block_start', 'index': 3, 'content_block': {'type': 'tool_use', 'id': 'c1', 'name': 'f', 'input': {}}}, {'type': 'content_block_delta', 'index': 3, 'delta': {'type': 'input_json_delta', 'partial_json': '{}'}}, {'type': 'content_block_stop', 'index': 3}, {'type': 'message_delta', 'delta': {'stop_sequence': None, 'stop_reason': 'tool_use'}, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}, {'type': 'message_stop'}]),
    StreamFault("BerriAI/litellm#31069, mlx-node/mlx-node#45: cache counts at the end of a stream", "openai", "anthropic_messages", (chunk({"content": "a"}), chunk({}, "stop"), LAST), [{'type': 'message_start', 'message': {'id': 'c', 'type': 'message', 'role': 'assistant', 'model': 'm', 'content': [], 'stop_reason': None, 'stop_sequence': None, 'usage': {'input_tokens': 0, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': None, 'output_tokens': 0}}}, {'type': 'content_block_start', 'index': 0, 'content_block': {'type': 'text', 'text': ''}}, {'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': 'a'}}, {'type': 'content_block_stop', 'index': 0}, {'type': 'message_delta', 'delta': {'stop_sequence': None, 'stop_reason': 'end_turn'}, 'usage': {'input_tokens': 57, 'cache_creation_input_tokens': None, 'cache_read_input_tokens': 100, 'output_tokens': 7}}, {'type': 'message_stop'}]),
    StreamFault("found with LangChain: usage in every chunk is sent once", "openai", "openai_chat",
        (chunk({"content": "a"}, usage=USAGE), chunk({}, "stop", usage=USAGE), LAST), [{'id': 'c', 'object': 'chat.completion.chunk', 'created': 0, 'model': 'm', 'choices': [{'index': 0, 'delta': {'role': 'assistant', 'content': 'a'}, 'finish_reason': None}]}, {'id': 'c', 'object': 'chat.completion.chunk', 'created': 0, 'model': 'm', 'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}, {'id': 'c', 'object': 'chat.completion.chunk', 'created': 0, 'model': 'm', 'choices': [], 'usage': {'prompt_tokens': 157, 'completion_tokens': 7, 'total_tokens': 164, 'prompt_tokens_details': {'cached_tokens': 100}}}], {"stream_options": {"include_usage": True}}),
    StreamFault("BerriAI/litellm#31571: the text of a custom tool in a stream", "deepseek", "openai_responses",
        (chunk({"tool_calls": [{"index": 0, **call("c1", '{"inp', "apply_patch")}]}), chunk({"tool_calls": [{"index": 0, "function": {"arguments": 'ut":"*** B"}'}}]}), chunk({}, "tool_calls"), LAST), [{'type': 'response.created', 'sequence_number': 0, 'response': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'in_progress', 'model': 'm', 'output': [], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': None}}, {'type': 'response.in_progress', 'sequence_number': 1, 'response': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'in_progress', 'model': 'm', 'output': [], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': None}}, {'type': 'response.output_item.added', 'sequence_number': 2, 'output_index': 0, 'item': {'id': 'ctc_c_0', 'type': 'custom_tool_call', 'status': 'in_progress', 'call_id': 'c1', 'name': 'apply_patch', 'input': ''}}, {'type': 'response.custom_tool_call_input.delta', 'sequence_number': 3, 'item_id': 'ctc_c_0', 'output_index': 0, 'delta': '*** B'}, {'type': 'response.custom_tool_call_input.done', 'sequence_number': 4, 'item_id': 'ctc_c_0', 'output_index': 0, 'name': 'apply_patch', 'input': '*** B'}, {'type': 'response.output_item.done', 'sequence_number': 5, 'output_index': 0, 'item': {'id': 'ctc_c_0', 'type': 'custom_tool_call', 'status': 'completed', 'call_id': 'c1', 'name': 'apply_patch', 'input': '*** B'}}, {'type': 'response.completed', 'sequence_number': 6, 'response': {'id': 'c', 'object': 'response', 'created_at': 0, 'status': 'completed', 'model': 'm', 'output': [{'id': 'ctc_c_0', 'type': 'custom_tool_call', 'status': 'completed', 'call_id': 'c1', 'name': 'apply_patch', 'input': '*** B'}], 'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'parallel_tool_calls': True, 'temperature': None, 'tool_choice': 'auto', 'tools': [], 'top_p': None, 'usage': {'input_tokens': 157, 'output_tokens': 7, 'total_tokens': 164, 'input_tokens_details': {'cached_tokens': 100, 'cache_write_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}}}], {"tools": [PATCH]}),
    StreamFault("found with litellm 1.96.2: a hundred chunks with the same text", "openai", "ollama_native", (*[chunk({"content": "a"}) for _ in range(101)], chunk({}, "stop"), LAST), SAME_LINES),
)  # fmt: skip
