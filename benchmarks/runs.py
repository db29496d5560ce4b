"""Whole runs beside their peers: fan-out, chain, start-up, memory.

A peer does the same work with no memory of it: ``xargs -P`` and ``make -j`` start the same commands. Each
figure is the best of several, Pinnace and peer in turn, so that a busy machine disturbs both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

FAN_OUT = Path(__file__).with_name("fanout.yaml")
ROUNDS = 3
#: What stands in place of an aim where none is set.
COMPARED = "no aim, to compare"
#: Runs a command and prints the most memory that it had, in KiB. A process is born with the record of the one
#: that started it, so it must not be started by this one, which is large.
PEAK = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(process, 0)
print(used.ru_maxrss if status == 0 else 0)
"""


def chain_manifest(size: int) -> str:
    """Return a workflow of ``size`` steps, one after another."""
    steps = "\n".join(f"        - - {{name: s{i}, template: leaf}}" for i in range(size))
    return f"""
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{generateName: chain-}}
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
{steps}
    - name: leaf
      container: {{image: alpine, command: ["true"]}}
"""


def environment(home: str) -> dict[str, str]:
    """Return the variables of a command; Python may keep what it compiles, as where it is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PINNACE_HOME": home}


def timed(command: Sequence[str], *, stdin: str = "", home: str = "") -> float:
    """Return the seconds that the command takes from start to end."""
    env = environment(home)
    began = time.perf_counter()
    done = subprocess.run(command, input=stdin.encode(), stdout=subprocess.DEVNULL, env=env, check=False)
    spent = time.perf_counter() - began
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[:6])} … exited with {done.returncode}")
    return spent


def beside(ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """Return the best of both, run in turn."""
    pairs = [(ours(), peer()) for _ in range(ROUNDS)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def pinnace(*arguments: str) -> list[str]:
    """Return the command line of Pinnace in this environment."""
    return [sys.executable, "-m", "pinnace", *arguments]


def row(what: str, ours: float, peer: float, name: str, bound: str, unit: str = "s") -> None:
    """Print one row of the table."""
    print(
        f"{what:<38}{ours:>10.3f} {unit:<3}{peer:>10.3f} {unit:<3} {name:<14}{ours / peer:>7.2f} ×  {bound}"
    )


def fan_out(home: str) -> None:
    """Print 1000 tasks and a fan-in, on the host and isolated."""
    numbers = "\n".join(str(number) for number in range(1000))
    jobs = str(8)

    def xargs() -> float:
        return timed(["xargs", "-P", jobs, "-n", "1", "true"], stdin=numbers)

    for title, option, bound in (
        ("fan-out of 1000, on the host", "--no-isolated", "≤ 1.5"),
        ("fan-out of 1000, isolated", "--isolated", "≤ 3"),
    ):
        command = pinnace("run", "--quiet", option, str(FAN_OUT))
        ours, peer = beside(lambda command=command: timed(command, home=home), xargs)
        row(title, ours, peer, f"xargs -P {jobs}", bound)
    with tempfile.TemporaryDirectory() as folder:
        makefile = Path(folder, "Makefile")
        targets = " ".join(f"t{number}" for number in range(1000))
        makefile.write_text(f"all: {targets}\n{targets}:\n\t@true\n")
        row(
            "the same",
            ours,
            min(timed(["make", f"-j{jobs}", "-f", str(makefile)]) for _ in range(ROUNDS)),
            f"make -j{jobs}",
            COMPARED,
        )


def chain(home: str) -> None:
    """Print a chain of 100, and the median time between two of its steps."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "chain.yaml")
        manifest.write_text(chain_manifest(100))
        one = Path(folder, "one.yaml")
        one.write_text(chain_manifest(1))
        loop = "for i in $(seq 100); do /bin/true; done"
        for title, option in (("chain of 100, on the host", "--no-isolated"), ("isolated", "--isolated")):
            whole = pinnace("run", "--quiet", option, str(manifest))
            ours, peer = beside(
                lambda whole=whole: timed(whole, home=home), lambda: timed(["sh", "-c", loop])
            )
            row(title, ours, peer, "a shell loop", COMPARED)
            start = statistics.median(
                timed(pinnace("run", "--quiet", option, str(one)), home=home) for _ in range(ROUNDS)
            )
            print(f"{'  a step':<38}{(ours - start) / 99 * 1000:>10.3f} ms  {'':<46}≤ 5 ms")


def start_up(_home: str) -> None:
    """Print what it takes to start."""
    ours, peer = beside(
        lambda: min(timed(pinnace("version")) for _ in range(5)),
        lambda: min(timed([sys.executable, "-c", "pass"]) for _ in range(5)),
    )
    row("pinnace version", ours, peer, "python -c pass", "≤ 4")


def peak(command: Sequence[str], home: str) -> float:
    """Return the most memory that the command's own process had, in MiB."""
    measured = [sys.executable, "-I", "-S", "-c", PEAK, *command]
    done = subprocess.run(measured, capture_output=True, env=environment(home), check=True)
    if not (found := int(done.stdout)):
        raise SystemExit(f"{' '.join(command[:6])} … failed")
    return found / 1024


def memory(home: str) -> None:
    """Print the largest resident memory of a run of 1000 beside that of a bare Python."""
    ours = peak(pinnace("run", "--quiet", "--no-isolated", str(FAN_OUT)), home)
    bare = peak([sys.executable, "-c", "pass"], home)
    row("resident memory, fan-out of 1000", ours, bare, "python -c pass", COMPARED, "MiB")


def main() -> None:
    """Print the table."""
    print(f"{'what':<38}{'pinnace':>14}{'peer':>14} {'':<14}{'ratio':>9}  to reach")
    with tempfile.TemporaryDirectory() as home:
        for part in (fan_out, chain, start_up, memory):
            part(home)


if __name__ == "__main__":
    main()
