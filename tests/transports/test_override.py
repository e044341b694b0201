"""A detour reaches every call of its block, from any thread or task, and none after it."""

import threading
from collections.abc import Callable

from llm_pure.transports.base import AsyncTransport, Transport
from llm_pure.transports.override import current_override, override_transport
from llm_pure.transports.scripted import ScriptedTransport
from llm_pure.types.result import LLMResult


class Somewhere:
    """A detour that answers from a script."""

    def open_sync(self, make: Callable[[], LLMResult[Transport]]) -> Transport:
        return ScriptedTransport([])

    def open_async(self, make: Callable[[], LLMResult[AsyncTransport]]) -> AsyncTransport:
        return ScriptedTransport([])


def in_a_thread() -> object:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(current_override()))
    thread.start()
    thread.join()
    return seen[0]


def test_the_innermost_block_counts_and_afterwards_none() -> None:
    outer, inner = Somewhere(), Somewhere()
    with override_transport(outer):
        with override_transport(inner):
            assert current_override() is inner
        assert current_override() is outer
    assert current_override() is None


def test_a_thread_takes_the_block_that_is_open() -> None:
    here = Somewhere()
    with override_transport(here):
        assert in_a_thread() is here
    assert in_a_thread() is None


def test_two_threads_with_blocks_of_their_own_keep_apart() -> None:
    both, seen = threading.Barrier(2), dict[str, bool]()

    def work(name: str) -> None:
        mine = Somewhere()
        with override_transport(mine):
            both.wait(5)
            seen[name] = current_override() is mine
            both.wait(5)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"a": True, "b": True}
