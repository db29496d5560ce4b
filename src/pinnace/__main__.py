"""``python -m pinnace`` and the command ``pinnace``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] in (["version"], ["--version"]):
        # Without click, which takes longer to load than Python itself: scripts ask for the version often.
        from pinnace import __version__

        sys.stdout.write(f"pinnace {__version__}\n")
        return
    from pinnace.cli.main import run_cli

    sys.exit(run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
