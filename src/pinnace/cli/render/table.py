"""Columns of text, as wide as their widest cell. Source of the form: Go text/tabwriter, as Argo uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from pinnace.cli.render.phases import styled


class Cell(NamedTuple):
    """A text, and its part that has a colour."""

    text: str
    coloured: str = ""
    """A part of ``text``; its first occurrence is coloured."""
    colour: str = ""

    def render(self, *, is_colour: bool) -> str:
        """Return the text, with escape sequences if there is to be colour."""
        if not is_colour or not self.coloured or not self.colour:
            return self.text
        return self.text.replace(self.coloured, styled(self.coloured, self.colour), 1)


def columns(rows: Sequence[Sequence[Cell]], *, gap: int, is_colour: bool) -> str:
    """Return the rows as lines; each column is ``gap`` wider than its widest cell, the last one is ragged."""
    sizes = [[cell_len(cell.text) for cell in row] for row in rows]
    count = max((len(row) for row in rows), default=0)
    widths = [max((row[at] for row in sizes if at < len(row)), default=0) + gap for at in range(count)]
    lines = []
    for row, own in zip(rows, sizes, strict=True):
        cells = [cell.render(is_colour=is_colour) for cell in row]
        padded = [text + " " * (widths[at] - own[at]) for at, text in enumerate(cells[:-1])]
        lines.append("".join([*padded, *cells[-1:]]).rstrip())
    return "".join(f"{line}\n" for line in lines)
