"""Tables of data that note which of their rows are read: a row is a branch written as data."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, ValuesView
from typing import Any

Mark = Callable[[int], None]


class ReadDict(dict[Any, Any]):
    """A dict that notes a row whenever its value is read."""

    mark: Mark
    arcs: dict[Any, int]

    def _read(self, key: Any) -> None:
        arc = self.arcs.get(key)
        if arc is not None:
            self.mark(arc)

    def __getitem__(self, key: Any) -> Any:
        self._read(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._read(key)
        return super().get(key, default)

    def items(self) -> Any:
        return ItemsView(self)  # reads row by row, as it is gone through

    def values(self) -> Any:
        return ValuesView(self)


class ReadTuple(tuple[Any, ...]):
    """A tuple that notes a row whenever it is reached by index, in a loop, or found by `in`."""

    mark: Mark
    first: int

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        rows = range(len(self))[index]
        for row in rows if isinstance(rows, range) else (rows,):
            self.mark(self.first + row)
        return found

    def __iter__(self) -> Iterator[Any]:
        for arc, row in enumerate(super().__iter__(), self.first):
            self.mark(arc)
            yield row

    def __contains__(self, value: object) -> bool:
        for arc, row in enumerate(super().__iter__(), self.first):
            if row is value or row == value:
                self.mark(arc)
                return True
        return False


def watched(first: int, table: Any, mark: Mark) -> Any:
    """Return a table that equals `table` and notes its rows as the arcs from `first` on."""
    if isinstance(table, dict):
        rows = ReadDict(table)
        rows.arcs = {key: arc for arc, key in enumerate(table, first)}
        rows.mark = mark
        return rows
    found = ReadTuple(table)
    found.first, found.mark = first, mark
    return found
