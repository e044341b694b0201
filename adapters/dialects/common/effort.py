"""Older path of `common.reasoning_effort`, for dialects that import it in parallel work."""

from llm_pure.adapters.dialects.common.reasoning_effort import EFFORTS, nearest_effort

__all__ = ["EFFORTS", "nearest_effort"]
