"""Where a measurement ran: interpreter, processor, load, and the versions of what was measured."""

import os
import platform
from pathlib import Path

from llm_pure.bench.peers import versions


def machine_lines() -> list[str]:
    """Return two lines: the machine, and the packages that are installed."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = ", ".join([f"{value:.1f}" for value in _load()])
    packages = ", ".join(
        [f"{name} {version}" for name, version in versions().items() if version != "-"]
    )
    parts = [python, platform.system(), _processor(), f"{os.cpu_count()} cores", f"load {load}"]
    return [", ".join(parts), packages]


def _load() -> tuple[float, ...]:
    """Windows has no load average."""
    return os.getloadavg() if hasattr(os, "getloadavg") else ()


def _processor() -> str:
    """Its name, which `platform` does not know on Linux."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
