#!/usr/bin/env python3
"""Does any operation need more instructions than it did?

Runs every operation of benches/instructions under callgrind with two numbers of repetitions, takes the slope, and
compares it with benches/instructions/recorded.txt. A figure that is off by more than 5 % either way is a finding: the
hot path became slower, or it became faster and the record has to say so.

    .ci/instructions.py                   all operations; from the root of the repository
    .ci/instructions.py --only spsc       those whose name contains it
    .ci/instructions.py --record          writes what was counted into the record

Another compiler counts differently: that it is another one is told, and the figures are judged all the same.

Ends with 0 if all is as recorded, with 1 if not, and with 2 if it could not be counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

RECORD = Path("benches/instructions/recorded.txt")
TOLERANCE = 0.05
# Whole laps of the ring, and as many digits.
FEW, MANY = 2048, 6144


def output(*command: str) -> str:
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def build() -> str:
    """Compiles the operations as a bench, and returns the program."""
    lines = output("cargo", "bench", "-q", "-p", "ringmain", "--bench", "instructions", "--no-run",
                   "--message-format=json")
    messages = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    built = [message for message in messages if message.get("target", {}).get("name") == "instructions"]
    return next(message["executable"] for message in built if message.get("executable"))


def collected(program: str, name: str, n: int) -> int:
    """The instructions of a whole run."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, name, str(n)]
    run = subprocess.run(command, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        raise RuntimeError(f"{name}: {run.stderr}")
    return int(found.group(1))


def count(program: str, names: list[str]) -> dict[str, float]:
    """The instructions of one operation, for each name."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        few = pool.map(lambda name: collected(program, name, FEW), names)
        many = pool.map(lambda name: collected(program, name, MANY), names)
        return {name: (b - a) / (MANY - FEW) for name, a, b in zip(names, few, many)}


def read_record() -> tuple[str, dict[str, float]]:
    """The compiler it was recorded with, and the figures."""
    if not RECORD.exists():
        return "", {}
    lines = [line for line in RECORD.read_text().splitlines() if line and not line.startswith("#")]
    rows = [line.split(maxsplit=1) for line in lines[1:]]
    return lines[0], {name: float(figure) for figure, name in rows}


def write_record(compiler: str, counted: dict[str, float]) -> None:
    head = "# Instructions of one operation. Written by `.ci/instructions.py --record`; see there.\n"
    rows = "".join(f"{figure:9.2f}  {name}\n" for name, figure in counted.items())
    RECORD.write_text(f"{head}{compiler}\n{rows}")


def verdict(now: float | None, before: float | None) -> str:
    if before is None:
        return "NOT RECORDED"
    if now is None:
        return "GONE"
    if abs(now - before) <= TOLERANCE * before:
        return ""
    return "SLOWER" if now > before else "FASTER: record it"


def main() -> int:
    parser = argparse.ArgumentParser(description="Does any operation need more instructions than it did?")
    parser.add_argument("--only", default="", metavar="PART", help="operations whose name contains it")
    parser.add_argument("--record", action="store_true", help="write what was counted into the record")
    options = parser.parse_args()
    try:
        program = build()
        names = [name for name in output(program).splitlines() if options.only in name]
        counted = count(program, names)
    except (OSError, RuntimeError, StopIteration, subprocess.CalledProcessError) as error:
        print(f"cannot count: {error}", file=sys.stderr)
        return 2
    compiler = output("rustc", "--version").strip()
    recorded_with, recorded = read_record()
    if options.record:
        # What was not asked for stays as it is, if it is still there.
        every = output(program).splitlines()
        merged = {name: counted.get(name, recorded.get(name)) for name in every}
        write_record(compiler, {name: figure for name, figure in merged.items() if figure is not None})
        recorded_with, recorded = read_record()
    elif recorded_with and recorded_with != compiler:
        print(f"recorded with {recorded_with}, counted with {compiler}: figures may differ for that reason")
    asked = [name for name in recorded if options.only in name]
    wrong = 0
    for name in list(dict.fromkeys(names + asked)):
        now, before = counted.get(name), recorded.get(name)
        finding = verdict(now, before)
        wrong += finding != ""
        cells = ["-" if figure is None else f"{figure:.2f}" for figure in (before, now)]
        change = f"{round(100 * (now / before - 1), 1) + 0.0:+.1f} %" if now and before else "-"
        print(f"{name:45} {cells[0]:>9} {cells[1]:>9} {change:>8}  {finding}".rstrip())
    print(f"{len(names)} operations, {wrong} not as recorded")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
