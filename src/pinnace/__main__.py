"""``python -m pinnace`` and the command ``pinnace``."""

from __future__ import annotations

import gc
import sys

#: How many objects are made before the interpreter looks for cycles among them; its own choice is 700. To
#: load Pinnace and to build a run makes hundreds of thousands that stay, and next to no cycles.
_COLLECT_AFTER = 20_000


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] in (["version"], ["--version"]):
        # Without click, which takes longer to load than Python itself: scripts ask for the version often.
        from pinnace import __version__

        sys.stdout.write(f"pinnace {__version__}\n")
        return
    gc.set_threshold(_COLLECT_AFTER)
    from pinnace.cli.main import run_cli

    sys.exit(run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
