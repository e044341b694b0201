"""Turn on SQLite's write-ahead log, in which a writer does not block readers, in a file that other processes open too."""

import sqlite3
import time

_POLL_S = 0.005


def use_write_ahead_log(db: sqlite3.Connection, wait_s: float) -> None:
    """Set the journal mode; wait at most `wait_s` for another process that writes or sets it. Raises sqlite3.Error.

    SQLite fails at once, whatever its `busy_timeout`, where both processes hold a lock that the other one needs:
    https://www.sqlite.org/c3ref/busy_handler.html (as generally known on 2026-11-30).
    """
    ends_s = time.monotonic() + wait_s
    while True:
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= ends_s:
                raise
            time.sleep(_POLL_S)
        else:
            return
