"""Bulk runs: many rows, each answered once, through kills, restarts, budgets and rate limits.

    rows --read_rows--> Row --identify--> id --plan--> Shard --run_local--> log entries --join--> RowResult

A run is a directory: what was planned, append-only logs of what ended, and outputs that are made from both at any time.
"""

from typing import TYPE_CHECKING

from llm_pure.bulk.entries import Done, Entry, GaveUp
from llm_pure.bulk.identity import Item, identify
from llm_pure.bulk.joining import RowResult, join
from llm_pure.bulk.planning import Shard, plan
from llm_pure.bulk.rows import Row, RowForm, read_rows

if TYPE_CHECKING:
    from llm_pure.bulk.ask_rows import AskRows as AskRows
    from llm_pure.bulk.local_driver import arun_local as arun_local
    from llm_pure.bulk.local_driver import run_local as run_local
    from llm_pure.bulk.opening import open_run as open_run
    from llm_pure.bulk.ray_driver import run_ray as run_ray
    from llm_pure.bulk.run_directory import Run as Run
    from llm_pure.bulk.run_summary import RunSummary as RunSummary
    from llm_pure.bulk.shards import ShardOptions as ShardOptions
    from llm_pure.bulk.shards import send_shard as send_shard
    from llm_pure.bulk.shards import shard_tasks as shard_tasks

__all__ = [
    "AskRows",
    "Done",
    "Entry",
    "GaveUp",
    "Item",
    "Row",
    "RowForm",
    "RowResult",
    "Run",
    "RunSummary",
    "Shard",
    "ShardOptions",
    "arun_local",
    "identify",
    "join",
    "open_run",
    "plan",
    "read_rows",
    "run_local",
    "run_ray",
    "send_shard",
    "shard_tasks",
]

_LATE = {
    "AskRows": "ask_rows",
    "Run": "run_directory",
    "RunSummary": "run_summary",
    "ShardOptions": "shards",
    "arun_local": "local_driver",
    "open_run": "opening",
    "run_local": "local_driver",
    "run_ray": "ray_driver",
    "send_shard": "shards",
    "shard_tasks": "shards",
}
"""Name -> the module with effects that defines it, imported on first use."""


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # imported late: the pure part needs none

    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
