"""A PostgreSQL server for tests: of Debian's package, in a temporary folder, on a Unix socket, as another user than root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

MISSING = "PostgreSQL is not installed: apt-get install postgresql"


def postgres_binaries() -> Path | None:
    """The folder of initdb and postgres, None if they are not installed; Debian has them outside of PATH."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class PostgresServer:
    """One server; `url` for clients."""

    def __init__(self, binaries: Path, folder: Path, user: str | None) -> None:
        self.url = f"postgresql://tester:sesame-1234567@/postgres?host={folder}"
        self._binaries = binaries
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def initialize(self) -> None:
        """Create the files."""
        arguments = ["--no-sync", "--no-instructions", "-A", "trust", "-U", "tester", "-E", "UTF8"]
        data = str(self._folder / "data")
        command = [str(self._binaries / "initdb"), *arguments, "--locale=C", "-D", data]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, user=self._user)

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        import psycopg

        options = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB"}
        flags = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
        data = str(self._folder / "data")
        command = [str(self._binaries / "postgres"), "-D", data, "-k", str(self._folder), *flags]
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, user=self._user
            )
        ends_s = monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                if monotonic() > ends_s or self._process.poll() is not None:
                    raise
                sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop it at once: the connections of clients break."""
        if self._process is not None:
            self._process.send_signal(2)  # SIGINT: "fast shutdown"
            self._process.wait(30)
            self._process = None

    def clear(self) -> None:
        """Remove all tables."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("drop schema public cascade")
            connection.execute("create schema public")


@contextmanager
def postgres_server(binaries: Path) -> Iterator[PostgresServer]:
    """Run a server for as long as the block lasts."""
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="llm-pure-pg-", dir="/tmp"))
    try:
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        server = PostgresServer(binaries, folder, user)
        server.initialize()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
