"""All benches, or those named: `python -m bench.run [--only NAME] [--quick] [--json]`.

Numbers belong to the machine and the hour; ratios were taken within one run. Nothing here fails because it is slow.
"""

import argparse
import os
import platform
from importlib import import_module
from pathlib import Path

import msgspec

from bench.peers import versions
from bench.report import Report, table

BENCHES = (
    "stream",
    "memory",
    "import",
    "build",
    "repair",
    "growth",
    "call",
    "load",
    "bulk",
    "tokens",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, help="this bench; repeatable")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller streams")
    parser.add_argument("--json", action="store_true", help="one JSON line a row, and nothing else")
    asked = parser.parse_args()
    if not asked.json:
        print("\n".join(_machine()), flush=True)
    for name in asked.only or BENCHES:
        reports: list[Report] = import_module(f"bench.bench_{name}").run(asked.quick)
        for report in reports:
            if asked.json:
                lines = [msgspec.json.encode(record).decode() for record in report.records]
                print("\n".join(lines), flush=True)
            else:
                print("", table(report), sep="\n", flush=True)


def _machine() -> list[str]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = ", ".join([f"{one:.1f}" for one in os.getloadavg()])
    packages = ", ".join([f"{name} {version}" for name, version in versions().items()])
    where = [python, platform.system(), _processor(), f"{os.cpu_count()} cores", f"load {load}"]
    return [", ".join(where), packages]


def _processor() -> str:
    """Its name, which `platform` does not know on Linux."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
