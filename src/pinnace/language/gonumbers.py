"""Numbers read from text as Go's strconv reads them."""

from __future__ import annotations

import math
import re

_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])"
)
_HEX_FLOAT = re.compile(r"[+-]?0[xX][0-9a-fA-F.]+[pP][+-]?[0-9]+")


def parse_float(text: str) -> float | None:
    """Return what Go's strconv.ParseFloat reads, or ``None`` for what it refuses."""
    if len(text) > 4096:
        return None
    if _FLOAT.fullmatch(text):
        number = float(text)
        return None if math.isinf(number) and "n" not in text.lower() else number
    if _HEX_FLOAT.fullmatch(text):
        try:
            return float.fromhex(text)
        except (ValueError, OverflowError):
            return None
    return None
