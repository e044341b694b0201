"""Models of Qianfan version 1 -> the last segment of their URL.

Source: qianfan 0.4.12.3, resources/llm/chat_completion.py and embedding.py (endpoints), read 2026-11-20. The ERNIE-Bot names
are as generally known, unconfirmed.
"""

from collections.abc import Mapping

from llm_pure.core.urls import path_segment
from llm_pure.types.config import LLMConfig

_ENDPOINTS: Mapping[str, str] = {
    "ERNIE-4.0-8K": "completions_pro",
    "ERNIE-4.0-8K-Preview-0518": "completions_adv_pro",
    "ERNIE-3.5-8K": "completions",
    "ERNIE-Lite-8K-0922": "eb-instant",
    "ERNIE-Lite-AppBuilder-8K-0614": "ai_apaas_lite",
    "ERNIE-Speed-8K": "ernie_speed",
    "ERNIE Speed-AppBuilder": "ai_apaas",
    "ERNIE-Function-8K": "ernie-func-8k",
    "ERNIE-Character-8K": "ernie-char-8k",
    "ERNIE-Character-Fiction-8K": "ernie-char-fiction-8k",
    "ERNIE-Bot-4": "completions_pro",
    "ERNIE-Bot": "completions",
    "ERNIE-Bot-turbo": "eb-instant",
    "Qianfan-Dynamic-8K": "qianfan-dynamic-8k",
    "BLOOMZ-7B": "bloomz_7b1",
    "Llama-2-7B-Chat": "llama_2_7b",
    "Llama-2-13B-Chat": "llama_2_13b",
    "Llama-2-70B-Chat": "llama_2_70b",
    "Meta-Llama-3-8B": "llama_3_8b",
    "Meta-Llama-3-70B": "llama_3_70b",
    "Qianfan-BLOOMZ-7B-compressed": "qianfan_bloomz_7b_compressed",
    "Qianfan-Chinese-Llama-2-7B": "qianfan_chinese_llama_2_7b",
    "Qianfan-Chinese-Llama-2-13B": "qianfan_chinese_llama_2_13b",
    "Qianfan-Chinese-Llama-2-70B": "qianfan_chinese_llama_2_70b",
    "ChatGLM2-6B-32K": "chatglm2_6b_32k",
    "AquilaChat-7B": "aquilachat_7b",
    "XuanYuan-70B-Chat-4bit": "xuanyuan_70b_chat",
    "ChatLaw": "chatlaw",
    "Yi-34B-Chat": "yi_34b_chat",
    "Mixtral-8x7B-Instruct": "mixtral_8x7b_instruct",
    "Gemma-7B-it": "gemma_7b_it",
    "Embedding-V1": "embedding-v1",
    "bge-large-en": "bge_large_en",
    "bge-large-zh": "bge_large_zh",
    "tao-8k": "tao_8k",
}
"""Models whose segment is not their name in lower case."""


def endpoint_of(config: LLMConfig, model: str) -> str:
    """config.endpoint, else the model's segment; an unknown name is the segment of a service that the user has deployed.

    >>> endpoint_of(LLMConfig(), "ERNIE-4.0-8K"), endpoint_of(LLMConfig(), "ERNIE-Speed-128K")
    ('completions_pro', 'ernie-speed-128k')
    """
    if config.endpoint:
        return path_segment(config.endpoint)
    known = _ENDPOINTS.get(model)
    return known or path_segment(model.lower() if model.startswith("ERNIE") else model)
