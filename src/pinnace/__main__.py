"""``python -m pinnace`` and the command ``pinnace``."""

from __future__ import annotations

import gc
import sys

#: How many objects are made before the interpreter looks for cycles among them; its own choice is 700. To
#: load Pinnace and to build a run makes 130,000 that stay, and next to no cycles.
COLLECT_AFTER = 200_000


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] in (["version"], ["--version"]):
        # Without click, which takes longer to load than Python itself: scripts ask for the version often.
        from pinnace import __version__

        sys.stdout.write(f"pinnace {__version__}\n")
        return
    gc.set_threshold(COLLECT_AFTER)
    from pinnace.cli.main import run_cli

    status = run_cli(sys.argv[1:])
    gc.freeze()  # else the interpreter looks for cycles once more before it ends, among all that is there
    sys.exit(status)


if __name__ == "__main__":
    main()
