"""jq's functions that are written in Python, by family."""

from __future__ import annotations

from pinnace.language.jq.functions import arrays, dates, formats, numbers, patterns, strings, values
from pinnace.language.jq.functions.registry import FORMATS, NATIVES

#: Importing a family makes its functions known.
FAMILIES = (arrays, dates, formats, numbers, patterns, strings, values)

__all__ = ["FAMILIES", "FORMATS", "NATIVES"]
