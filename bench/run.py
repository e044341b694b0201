"""All benches, or those named: `python -m bench.run [--only NAME] [--quick] [--json]`.

Numbers belong to the machine and the hour; ratios were taken within one run. Nothing here fails because it is slow.
"""

import argparse
from importlib import import_module

import msgspec

from llm_pure.bench.machine import machine_lines
from llm_pure.bench.report import Report, table

BENCHES = (
    "stream",
    "memory",
    "import",
    "build",
    "repair",
    "growth",
    "call",
    "load",
    "gateway",
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
        print("\n".join(machine_lines()), flush=True)
    for name in asked.only or BENCHES:
        reports: list[Report] = import_module(f"bench.bench_{name}").run(asked.quick)
        for report in reports:
            if asked.json:
                lines = [msgspec.json.encode(record).decode() for record in report.records]
                print("\n".join(lines), flush=True)
            else:
                print("", table(report), sep="\n", flush=True)


if __name__ == "__main__":
    main()
