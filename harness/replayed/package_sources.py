"""The sources of a package, as one digest: whether anything in it changed since."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path


def package(dotted: str) -> str:
    """The package that `package.module:ATTRIBUTE` names."""
    return dotted.partition(":")[0].partition(".")[0]


def sources_sha256(name: str) -> str:
    """Digest of a package's sources; any change of a name or a byte changes it."""
    spec = find_spec(name)
    folders = [Path(one) for one in (spec.submodule_search_locations or ())] if spec else []
    files = {
        file.relative_to(folder.parent).as_posix(): file
        for folder in folders
        for file in sorted(folder.rglob("*.py"))
    }
    if spec is not None and spec.origin and not folders:
        files[Path(spec.origin).name] = Path(spec.origin)
    digest = hashlib.sha256()
    for file in sorted(files):
        content = files[file].read_bytes()
        digest.update(f"{file}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
