"""Packages that are missing for a while, as if they had been deleted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


class Refusing(MetaPathFinder):
    """Refuses to import some packages."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.packages = packages

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002  # importlib's signature
        if fullname.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"{fullname} is refused here", name=fullname)


@contextmanager
def refused(*packages: str) -> Iterator[None]:
    """Let packages be missing, also where somebody has imported them already."""
    refusing = Refusing(packages)
    below = tuple(f"{package}." for package in packages)
    names = [name for name in sys.modules if name in packages or name.startswith(below)]
    loaded = {name: sys.modules.pop(name) for name in names}
    sys.meta_path.insert(0, refusing)
    try:
        yield
    finally:
        sys.meta_path.remove(refusing)
        sys.modules.update(loaded)
