"""Clients in a process that forks: budgets in a file count every call once, locks that others held are free, calls go on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from llm_pure.client.budgets_sqlite import open_ledger

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

START = """
import asyncio, os, sys, threading, time, warnings
from decimal import Decimal
warnings.simplefilter("ignore")
from tests.client.test_ledger_faults import CONFIG, DOLLAR, PRICES, answer, client, locked
from llm_pure.client.budgets import InMemoryBudget
from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.policy.rate_limit import RateLimit

def forked(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0

def tell(*values):
    os.write(1, (" ".join(map(str, values)) + "\\n").encode())
"""

BOTH_PAY = """
store = open_ledger(sys.argv[1], DOLLAR).unwrap()
llm, _ = client(store)

def work():
    for _ in range(5):
        llm.completion("hi").unwrap()
        asyncio.run(llm.acompletion("hi")).unwrap()

with llm:
    work()
    pid = os.fork()
    work()
    if pid == 0:
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
tell(llm.get_costs().totals.calls, llm.get_costs().totals.cost_usd, llm.get_costs().reserved)
"""

KEPT_IN_MEMORY = """
import subprocess
import llm_pure.client.budgets_sqlite as module
module._SETTLE_S = 0.1
store = open_ledger(sys.argv[1], DOLLAR).unwrap()
LOCK = '''
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
print("locked", flush=True)
sys.stdin.read()
'''

def respond(request):
    global other
    other = subprocess.Popen(
        [sys.executable, "-c", LOCK, sys.argv[1]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    assert other.stdout.readline() == "locked\\n"
    return answer()

llm, transport = client(store, respond)
llm.completion("hi").unwrap()          # its cost is not written yet
pid = os.fork()
if pid == 0:
    other.stdin.close()
    time.sleep(0.6)
    again = open_ledger(sys.argv[1]).unwrap()
    tell("child", again.ledger().totals.calls, store.ledger().totals.calls, store._unsettled)
    os._exit(0)
other.communicate()
os.waitpid(pid, 0)
tell("parent", store.ledger().totals.calls)
"""

LOCKS_ARE_FREE = """
import faulthandler
faulthandler.dump_traceback_later(20, exit=True)
memory = InMemoryBudget(DOLLAR)
name = memory.reserve(Decimal("0.4")).unwrap()
file = open_ledger(sys.argv[1], DOLLAR).unwrap()
file.reserve(Decimal("0.1")).unwrap()
clients = [client(memory, limit=RateLimit(requests_per_minute=1000))[0], client(file)[0]]
for llm in clients:
    llm.__enter__()
    llm.completion("hi").unwrap()
context = clients[0]._context
locks = [memory._lock, file._lock, context.transports._lock, context.limiters[0]._lock]
held, free = threading.Event(), threading.Event()

def hold():
    from contextlib import ExitStack
    with ExitStack() as stack:
        for lock in locks:
            stack.enter_context(lock)
        held.set()
        free.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()

def work():
    for llm in clients:
        llm.completion("hi").unwrap()
        llm.__exit__()
        llm.completion("hi").unwrap()
    tell(dict(memory.ledger().reserved), [llm.get_costs().totals.calls for llm in clients])

forked(work)
free.set()
thread.join()
"""

TOKENIZERS = """
from llm_pure.client.tokenizers import load_tokenizer
stop = threading.Event()

def count():
    tokenizer = load_tokenizer("o200k_base").unwrap()
    while not stop.is_set():
        tokenizer.encode("a text of some words " * 1000)

threads = [threading.Thread(target=count) for _ in range(3)]
for thread in threads:
    thread.start()
time.sleep(0.3)
for _ in range(20):
    forked(lambda: load_tokenizer("o200k_base").unwrap().encode("hello"))
stop.set()
tell("ok")
"""


def run(script: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", START + script, str(path)],
        check=False, capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_both_processes_pay_into_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    assert run(BOTH_PAY, path) == "30 0.0630 {}\n"
    assert open_ledger(path).unwrap().ledger().totals.calls == 30


def test_a_cost_that_is_kept_in_memory_is_the_parents_and_written_once(tmp_path: Path) -> None:
    told = run(KEPT_IN_MEMORY, tmp_path / "ledger.db")
    assert sorted(told.splitlines()) == ["child 1 1 deque([])", "parent 1"]


def test_locks_that_another_thread_held_are_free_in_the_child(tmp_path: Path) -> None:
    assert run(LOCKS_ARE_FREE, tmp_path / "ledger.db") == "{} [3, 3]\n"


def test_tokens_are_counted_in_a_child_while_threads_of_the_parent_count(tmp_path: Path) -> None:
    assert run(TOKENIZERS, tmp_path) == "ok\n"
