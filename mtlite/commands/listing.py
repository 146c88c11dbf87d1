"""Tables of plain text on standard output, as wide as the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence

from mtlite.visible import visible_line


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], long: Sequence[str], right: Sequence[str]
) -> None:
    """Print rows under the names of their columns.

    Args:
        long: columns whose texts may go over several lines.
        right: columns that end at the same place, such as numbers.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name not in long, overflow="fold", justify="right" if name in right else "left")
    for row in rows:
        table.add_row(*map(visible_line, row))
    Console(width=shutil.get_terminal_size((80, 24)).columns, markup=False, highlight=False).print(table)
