"""h11 for language models: pure functions build requests to providers and parse responses into typed values.

    LLMConfig + ChatRequest --build--> HttpRequest ==(any transport)==> HttpResponse --parse--> Result[Completion, LLMError]

The providers are in `llm_pure.adapters` and the client `LLM` in `llm_pure.client`; both are imported on first use.
"""

from typing import TYPE_CHECKING

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.collect import collect
from llm_pure.types.completion import Choice, Completion, FinishReason, Usage
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.errors import LLMError, describe
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import (
    Audio,
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.types.operations import Embeddings, EmbedRequest, TokenCount
from llm_pure.types.request import (
    ChatRequest,
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
    Tool,
)
from llm_pure.types.result import LLMResult, fold

if TYPE_CHECKING:
    from llm_pure.client import LLM as LLM
    from llm_pure.client.costs import completion_cost as completion_cost
    from llm_pure.client.costs import estimate_cost as estimate_cost
    from llm_pure.replay.doubles import answering as answering
    from llm_pure.replay.doubles import calling as calling
    from llm_pure.replay.doubles import failing as failing
    from llm_pure.replay.doubles import in_turn as in_turn
    from llm_pure.types.exceptions import LLMException as LLMException
    from llm_pure.types.exceptions import unwrap as unwrap

__version__ = "0.1.0"

__all__ = [
    "LLM",
    "Adaptation",
    "Audio",
    "CacheMark",
    "ChatRequest",
    "Choice",
    "Completion",
    "Document",
    "EmbedRequest",
    "Embeddings",
    "FinishReason",
    "HttpRequest",
    "HttpResponse",
    "Image",
    "JsonFormat",
    "LLMConfig",
    "LLMError",
    "LLMException",
    "LLMResult",
    "Message",
    "NamedToolChoice",
    "NativeTool",
    "Opaque",
    "Part",
    "ProviderMetadata",
    "Reasoning",
    "ReasoningRequest",
    "Refusal",
    "ResponseHead",
    "SchemaFormat",
    "Secret",
    "StreamEvent",
    "Text",
    "TokenCount",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Usage",
    "Video",
    "answering",
    "assistant",
    "calling",
    "collect",
    "completion_cost",
    "describe",
    "estimate_cost",
    "failing",
    "fold",
    "in_turn",
    "system",
    "tool_result",
    "unwrap",
    "user",
]


_ON_FIRST_USE = {
    "LLM": "llm_pure.client",
    "LLMException": "llm_pure.types.exceptions",
    "answering": "llm_pure.replay.doubles",
    "calling": "llm_pure.replay.doubles",
    "completion_cost": "llm_pure.client.costs",
    "estimate_cost": "llm_pure.client.costs",
    "failing": "llm_pure.replay.doubles",
    "in_turn": "llm_pure.replay.doubles",
    "unwrap": "llm_pure.types.exceptions",
}
"""Name -> its module, imported on first use: `import llm_pure` loads neither httpx nor anyio."""


if not TYPE_CHECKING:  # a checker that sees it accepts every name

    def __getattr__(name: str) -> object:
        """Import a name of _ON_FIRST_USE."""
        module = _ON_FIRST_USE.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(module), name)
