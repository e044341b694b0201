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
    "assistant",
    "collect",
    "describe",
    "fold",
    "system",
    "tool_result",
    "user",
]


def __getattr__(name: str) -> object:
    """Import `LLM` on first use, so that `import llm_pure` loads neither httpx nor anyio."""
    if name == "LLM":
        from llm_pure.client import LLM

        return LLM
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
