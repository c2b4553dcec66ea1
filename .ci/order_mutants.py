#!/usr/bin/env python3
"""Does every memory ordering in src/ earn its keep?

Weakens one ordering at a time (and takes out one fence at a time), runs the loom models, and reports the mutants that
no model notices. A survivor is a finding either way: the ordering is stronger than it needs to be, or no model is
about it.

    .ci/order_mutants.py                          every mutant, judged by all models; from the root of the repository
    .ci/order_mutants.py --list                   what would be weakened
    .ci/order_mutants.py --only cursor            the mutants whose line `file:line call(A -> B)` matches
    .ci/order_mutants.py --command 'cargo test -q -p ringmain-loom --test ring'

`--command` may be given several times: they run in order, and the first that fails kills the mutant. To let Miri judge,
on real threads and with weak memory:

    MIRIFLAGS='-Zmiri-many-seeds=0..16 -Zmiri-env-forward=ORDER_MUTANT' \\
        .ci/order_mutants.py --command 'cargo +nightly miri test -p ringmain --test channel'

How it works. All mutants are compiled into one build of a copy of the tree: each ordering becomes a call that looks at
the variable ORDER_MUTANT, so a mutant costs one run of the models and no build. A survivor's ordering is run once more
made to panic: if the models still pass, none of them gets there, which is said beside it. src/sync.rs is left out: it
is the door to the atomics, not a user of them.

What is weakened, by the call an ordering stands in:

    load, and the failure of a compare-exchange   Acquire -> Relaxed
    store                                         Release -> Relaxed
    read-modify-write                             AcqRel -> Acquire, Release, Relaxed;  Acquire, Release -> Relaxed
    fence                                         SeqCst -> AcqRel, Acquire, Release;  any -> taken out

An access (not a fence) with SeqCst is an error of its own: loom takes it for AcqRel (tokio-rs/loom issue 180), so no
model could tell the two apart.

A survivor is accepted by a comment on its line, or on the one before:   // order-ok: <the reason>

Ends with 0 if no mutant survives unaccepted and no accepted one is killed, with 1 if not, and with 2 if the unmutated
tree fails or there is nothing to weaken.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

COMMAND = "cargo test -q -p ringmain-loom"
LEFT_OUT = {"src/sync.rs"}

ORDERINGS = ("Relaxed", "Acquire", "Release", "AcqRel", "SeqCst")
REMOVED = "removed"
WEAKER = {
    "load": {"Acquire": ["Relaxed"]},
    "store": {"Release": ["Relaxed"]},
    "rmw": {"AcqRel": ["Acquire", "Release", "Relaxed"], "Acquire": ["Relaxed"], "Release": ["Relaxed"]},
    "fence": {
        "SeqCst": ["AcqRel", "Acquire", "Release", REMOVED],
        "AcqRel": ["Acquire", "Release", REMOVED],
        "Acquire": [REMOVED],
        "Release": [REMOVED],
    },
}

# Appended to the crate's root in the copy.
SHIM = """

#[doc(hidden)]
#[allow(unused, missing_docs, unreachable_pub, clippy::all)]
pub mod __order_mutant {
    use std::sync::{OnceLock, atomic::Ordering};

    /// The site that is weakened, and to what.
    fn mutant() -> Option<&'static (u32, String)> {
        static MUTANT: OnceLock<Option<(u32, String)>> = OnceLock::new();
        MUTANT
            .get_or_init(|| {
                let asked = std::env::var("ORDER_MUTANT").ok()?;
                let mut parts = asked.split(':');
                let (site, to, build) = (parts.next()?, parts.next()?, parts.next()?);
                if build != "@BUILD@" {
                    // Not eprintln!: the test harness would swallow it.
                    let _ = std::io::Write::write_all(&mut std::io::stderr(), b"ORDER-MUTANT-STALE-BUILD\\n");
                    std::process::abort();
                }
                Some((site.parse().ok()?, to.to_string()))
            })
            .as_ref()
    }
    /// The ordering of `site`, unless it is the weakened one.
    #[inline]
    pub fn order(site: u32, original: Ordering) -> Ordering {
        match mutant() {
            Some((weakened, to)) if *weakened == site => match to.as_str() {
                "Relaxed" => Ordering::Relaxed,
                "Acquire" => Ordering::Acquire,
                "Release" => Ordering::Release,
                "AcqRel" => Ordering::AcqRel,
                "panic" => panic!("an execution gets to the weakened ordering"),
                _ => original,
            },
            _ => original,
        }
    }
    /// The fence of `site`, unless it is taken out.
    #[inline]
    pub fn fence(site: u32, fence: impl FnOnce(Ordering), original: Ordering) {
        if !matches!(mutant(), Some((weakened, to)) if *weakened == site && to == "removed") {
            fence(order(site, original));
        }
    }
}
"""


@dataclass(frozen=True)
class Site:
    """One ordering in the source."""

    id: int
    file: str
    line: int
    start: int
    end: int
    text: str
    order: str
    call: str
    kind: str
    accepted: str


@dataclass
class Mutant:
    """A site and what it is weakened to."""

    site: Site
    to: str
    status: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.site.file}:{self.site.line} {self.site.call}({self.site.order} -> {self.to})"


# --------------------------------------------------------------------------------------------------- reading the source


def without_text(source: str) -> str:
    """The source with comments, strings and character literals blanked, at the same length."""
    token = re.compile(
        r"""//[^\n]* | /\*.*?\*/ | \b[bc]?r(?P<hashes>\#*)".*?"(?P=hashes) | "(?:\\.|[^"\\])*"
            | '(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^'\\])'""",
        re.VERBOSE | re.DOTALL,
    )
    return token.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), source)


def after_block(code: str, at: int) -> int:
    """The end of the block that opens at `at`."""
    depth = 0
    for i in range(at, len(code)):
        depth += {"{": 1, "}": -1}.get(code[i], 0)
        if depth == 0:
            return i + 1
    return len(code)


def spans_left_out(code: str) -> list[tuple[int, int]]:
    """Items for tests only, and `use` declarations."""
    spans = [(use.start(), code.find(";", use.start()) + 1) for use in re.finditer(r"\buse\s", code)]
    for test in re.finditer(r"#\[\s*(?:cfg\s*\(\s*(?:test|all\s*\(\s*test[^\]]*)\s*\)|test)\s*\]", code):
        block, end = code.find("{", test.end()), code.find(";", test.end())
        if block < 0 or 0 <= end < block:
            spans.append((test.start(), end + 1))
        else:
            spans.append((test.start(), after_block(code, block)))
    return spans


def call_around(code: str, at: int) -> tuple[str, int]:
    """The name of the call whose argument `at` lies in, and which argument it is."""
    depth = argument = 0
    for i in range(at - 1, -1, -1):
        char = code[i]
        if char in ")]}":
            depth += 1
        elif char in "([{" and depth > 0:
            depth -= 1
        elif char in "([{":
            name = re.search(r"(\w+)\s*$", code[:i]) if char == "(" else None
            return (name.group(1) if name else "", argument)
        elif char == "," and depth == 0:
            argument += 1
        elif char == ";" and depth == 0:
            break
    return "", 0


def kind_of(call: str, argument: int) -> str:
    """How the memory is touched; what is not known counts as a read-modify-write, which has the most mutants."""
    if call in ("load", "store", "fence"):
        return call
    fails_with = {"compare_exchange": 3, "compare_exchange_weak": 3, "fetch_update": 1}
    return "load" if fails_with.get(call) == argument else "rmw"


def sites_of(root: Path) -> list[Site]:
    """Every ordering that can be weakened, and every SeqCst access."""
    sites: list[Site] = []
    for path in sorted((root / "src").rglob("*.rs")):
        file = path.relative_to(root).as_posix()
        if file in LEFT_OUT:
            continue
        source = path.read_text()
        code, lines = without_text(source), source.splitlines()
        left_out = spans_left_out(code)
        for found in re.finditer(r"\bOrdering\s*::\s*(" + "|".join(ORDERINGS) + r")\b", code):
            if any(start <= found.start() < end for start, end in left_out):
                continue
            call, argument = call_around(code, found.start())
            kind, order = kind_of(call, argument), found.group(1)
            if order not in WEAKER[kind] and order != "SeqCst":
                continue
            line = source.count("\n", 0, found.start()) + 1
            near = "\n".join(lines[max(line - 2, 0) : line])
            reason = re.search(r"//.*\border-ok:\s*(.+)", near)
            accepted = reason.group(1).strip() if reason else ""
            span = (found.start(), found.end(), found.group(0))
            sites.append(Site(len(sites), file, line, *span, order, call or "?", kind, accepted))
    return sites


# ------------------------------------------------------------------------------------------------- weakening the source


def weaken(copy: Path, sites: list[Site], build: str) -> None:
    """Compiles all mutants into the tree at `copy`."""
    for file in {site.file for site in sites}:
        path = copy / file
        source = path.read_text()
        code = without_text(source)
        for site in sorted((s for s in sites if s.file == file), key=lambda s: s.start, reverse=True):
            start, end, text = site.start, site.end, f"crate::__order_mutant::order({site.id}, {site.text})"
            if site.kind == "fence":
                name = re.search(r"((?:\w+\s*::\s*)*fence)\s*\(\s*$", code[: site.start])
                start, end = name.start(), site.start
                text = f"crate::__order_mutant::fence({site.id}, {name.group(1)}, "
            source = source[:start] + text + source[end:]
        path.write_text(source)
    root = copy / "src" / "lib.rs"
    root.write_text(root.read_text() + SHIM.replace("@BUILD@", build))


# --------------------------------------------------------------------------------------------------- running the models


class Judge:
    """Runs the commands in the copy."""

    def __init__(self, copy: Path, commands: list[str], target: Path, build: str) -> None:
        self.copy, self.commands, self.build = copy, commands, build
        self.env = dict(os.environ, CARGO_TARGET_DIR=str(target), RUST_BACKTRACE="0")
        self.env.pop("ORDER_MUTANT", None)
        self.limit = 3600.0

    def baseline(self) -> bool:
        """Whether the unmutated tree passes. Also sets the limit for the runs to come."""
        for command in self.commands:
            passed, output = self.run(command, self.env)
            if not passed:
                print(output[-6000:])
                print(f"the unmutated tree fails: {command}")
                return False
        begin = time.monotonic()
        for command in self.commands:
            self.run(command, self.env)
        seconds = time.monotonic() - begin
        self.limit = 30 + 8 * seconds
        print(f"unmutated: passes in {seconds:.1f} s", flush=True)
        return True

    def notices(self, site: Site, to: str) -> str:
        """Why a mutant dies, or nothing."""
        env = dict(self.env, ORDER_MUTANT=f"{site.id}:{to}:{self.build}")
        for command in self.commands:
            passed, output = self.run(command, env)
            if "ORDER-MUTANT-STALE-BUILD" in output:
                raise SystemExit("cargo used an old build: remove the target directory, and run again")
            if not passed:
                return self.reason(output)
        return ""

    def run(self, command: str, env: dict[str, str]) -> tuple[bool, str]:
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(
                command,
                shell=True,
                cwd=self.copy,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                passed, late = process.wait(self.limit) == 0, ""
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                passed, late = False, f"\ndoes not end within {self.limit:.0f} s"
            out.seek(0)
            return passed, out.read().decode(errors="replace") + late

    @staticmethod
    def reason(output: str) -> str:
        """The line of the output that says most."""
        for pattern in (
            r"Causality violation[^\n]*",
            r"deadlock; threads[^\n]*",
            r"Undefined Behavior: [^\n]*",
            r"never ends in [^\n]*",
            r"ends in [^\n]*not among the pinned outcomes",
            r"exceeded maximum number of branches",
            r"does not end within[^\n]*",
            r"assertion [^\n]*failed[^\n]*",
            r"panicked at [^\n]*",
        ):
            if found := re.search(pattern, output):
                return found.group(0)[:100]
        return "the command fails"


def judge(mutant: Mutant, by: Judge) -> None:
    mutant.note = by.notices(mutant.site, mutant.to)
    if mutant.note:
        mutant.status = "stale order-ok" if mutant.site.accepted else "killed"
    elif mutant.site.accepted:
        mutant.status, mutant.note = "accepted", mutant.site.accepted
    else:
        mutant.status = "SURVIVED"
        mutant.note = "" if by.notices(mutant.site, "panic") else "no model gets there"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", action="append", metavar="COMMAND", help=f"default: {COMMAND}")
    parser.add_argument("--only", metavar="REGEX", help="the mutants whose line matches")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    asked = parser.parse_args()

    root = Path(__file__).resolve().parent.parent
    sites = sites_of(root)
    if blind := [site for site in sites if site.order == "SeqCst" and site.kind != "fence"]:
        for site in blind:
            print(f"{site.file}:{site.line}: a SeqCst access, which no model can judge")
        return 1
    mutants = [Mutant(site, to) for site in sites for to in WEAKER[site.kind][site.order]]
    if asked.only:
        mutants = [mutant for mutant in mutants if re.search(asked.only, str(mutant))]
    if asked.list:
        print(*mutants, sep="\n")
    if asked.list or not mutants:
        print(f"{len(mutants)} mutants of {len(sites)} orderings")
        return 0 if mutants else 2

    target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target")).resolve() / "weaken"
    with tempfile.TemporaryDirectory(prefix="weaken-") as place:
        copy, build = Path(place) / "tree", Path(place).name
        ignore = shutil.ignore_patterns("target", ".git")
        # `copy` gives every file a new date, so that an older build is never taken for this one's.
        shutil.copytree(root, copy, symlinks=True, ignore=ignore, copy_function=shutil.copy)
        weaken(copy, sites, build)
        by = Judge(copy, asked.command or [COMMAND], target, build)
        if not by.baseline():
            return 2
        begin = time.monotonic()
        for mutant in mutants:
            judge(mutant, by)
            print(f"{mutant.status:<14} {mutant}  {mutant.note}", flush=True)
        seconds = time.monotonic() - begin

    count = {status: sum(mutant.status == status for mutant in mutants) for status in ("killed", "accepted")}
    left = len(mutants) - sum(count.values())
    print(
        f"{len(mutants)} mutants of {len(sites)} orderings: {count['killed']} killed, {count['accepted']} accepted, "
        f"{left} to look at, in {seconds:.0f} s"
    )
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
