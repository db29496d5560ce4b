"""Every figure that is watched, each beside a peer in the same run: ``make bench``."""

from __future__ import annotations

import runpy
import sys

PARTS = {
    "engine": "a. the engine alone",
    "runs": "b, c, e, f. whole runs",
    "aggregate": "d. 1000 HTTP fetches, aggregated by a run",
    "http_fetch": "the HTTP runner alone",
    "executor": "the executor alone",
    "store": "the store alone; no aim, to compare",
}


def main() -> None:
    """Run the parts named on the command line, or all."""
    for part in sys.argv[1:] or list(PARTS):
        print(f"\n{PARTS[part]}\n", flush=True)
        sys.argv = [part]
        runpy.run_module(f"benchmarks.{part}", run_name="__main__")


if __name__ == "__main__":
    main()
