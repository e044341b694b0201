"""The rows of small pools, without a connection in them."""

from collections import Counter
from itertools import count

import pytest

from llm_pure.transports.connection_pools import POOL_SIZE, ConnectionPools, PoolSlot

ORIGIN = "https://a.example"


def rows(max_connections: int = 100) -> ConnectionPools[int]:
    numbers = count()
    return ConnectionPools(
        lambda origin, size: next(numbers), max_connections=max_connections, keep_alive_s=30
    )


def take(pools: ConnectionPools[int], now_s: float = 0, origin: str = ORIGIN) -> PoolSlot[int]:
    slot, _ = pools.lease(origin, now_s)
    assert slot is not None
    return slot


def test_calls_in_turn_use_one_pool() -> None:
    pools = rows()
    used = []
    for _ in range(10):
        slot = take(pools)
        used.append(slot.pool)
        pools.release(slot, 0)
    assert set(used) == {0}


def test_a_pool_is_never_lent_more_often_than_it_has_connections() -> None:
    pools = rows()
    used = [take(pools).pool for _ in range(3 * POOL_SIZE)]
    assert used == [0] * POOL_SIZE + [1] * POOL_SIZE + [2] * POOL_SIZE


def test_a_free_connection_is_used_before_a_new_pool_is_made() -> None:
    pools = rows()
    slots = [take(pools) for _ in range(2 * POOL_SIZE)]
    pools.release(slots[0], 0)
    assert take(pools).pool == 0
    assert take(pools).pool == 2


def test_a_row_that_cannot_grow_lends_the_least_busy_pool() -> None:
    pools = rows(max_connections=POOL_SIZE)
    assert [take(pools).pool for _ in range(2 * POOL_SIZE)] == [0] * 2 * POOL_SIZE


@pytest.mark.parametrize("most", [1, 3, 4, 6, 8, 9])
def test_the_pools_of_a_row_have_no_more_connections_than_allowed(most: int) -> None:
    sizes: list[int] = []
    pools: ConnectionPools[None] = ConnectionPools(
        lambda origin, size: sizes.append(size), max_connections=most, keep_alive_s=30
    )
    slots = [pools.lease(ORIGIN, 0)[0] for _ in range(3 * most)]
    assert sum(sizes) == most
    assert max(sizes) <= POOL_SIZE
    used = Counter([id(slot) for slot in slots])
    assert {used[id(slot)] / slot.size for slot in slots if slot is not None} == {3.0}


def test_a_pool_that_is_closed_makes_room_for_another() -> None:
    pools = rows(max_connections=POOL_SIZE + 1)
    for slot in [take(pools) for _ in range(POOL_SIZE + 1)]:
        pools.release(slot, 0)
    kept, stale = pools.lease(ORIGIN, 100)
    assert stale == [0]
    assert kept is not None
    assert [take(pools, 100).pool for _ in range(POOL_SIZE)] == [2] * POOL_SIZE


def test_a_full_pool_is_lent_again_when_it_has_room() -> None:
    pools = rows(max_connections=POOL_SIZE)
    slots = [take(pools) for _ in range(POOL_SIZE + 2)]
    for slot in slots:
        pools.release(slot, 0)
    assert [take(pools).pool for _ in range(POOL_SIZE)] == [0] * POOL_SIZE


def test_each_origin_has_a_row_of_its_own() -> None:
    pools = rows()
    assert take(pools, origin="https://a.example").pool == 0
    assert take(pools, origin="https://b.example").pool == 1


def test_pools_that_nobody_used_for_long_are_given_back_to_be_closed() -> None:
    pools = rows()
    slots = [take(pools) for _ in range(3 * POOL_SIZE)]
    for slot in slots:
        pools.release(slot, 10)
    early, stale = pools.lease(ORIGIN, 39)
    assert stale == []
    assert early is not None
    pools.release(early, 39)
    late, stale = pools.lease(ORIGIN, 41)
    assert late is not None
    assert late.pool == 2
    assert stale == [0, 1]


def test_closed_rows_lend_nothing_and_give_every_pool_back() -> None:
    pools = rows()
    slots = [take(pools) for _ in range(POOL_SIZE + 1)]
    assert sorted(pools.close()) == [0, 1]
    assert pools.lease(ORIGIN, 0) == (None, [])
    for slot in slots:
        pools.release(slot, 0)
