"""CODEOWNERS: who has to approve which files, by the rules of the forge.

The last rule that fits a file decides. Of several owners any one may approve, so an owner more is
as much less as an owner fewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

FILES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the forge looks, the first that is there counts."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a pattern and who owns what it fits; nobody where no owner is named."""

    pattern: str
    owners: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class CodeOwners:
    """The file that counts.

    Attributes:
        file: its path; empty where there is none.
    """

    file: str = ""
    rules: tuple[Rule, ...] = ()

    def of(self, path: str) -> frozenset[str]:
        """The owners of a file."""
        for rule in reversed(self.rules):
            if _fitting(rule.pattern).search(path):
                return frozenset(rule.owners)
        return frozenset()


def code_owners(contents: Mapping[str, bytes]) -> CodeOwners:
    """Read the file that counts.

    Args:
        contents: path → content of those of `FILES` that there are.
    """
    for file in FILES:
        if file in contents:
            text = contents[file].decode("utf-8", "replace")
            return CodeOwners(file=file, rules=tuple(_rules(text)))
    return CodeOwners()


def _rules(text: str) -> Iterator[Rule]:
    for number, line in enumerate(text.splitlines(), 1):
        told = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        words = re.split(r"(?<!\\)\s+", told) if told else []
        if words:
            owners = tuple(sorted(word.casefold() for word in words[1:]))
            yield Rule(pattern=words[0].replace("\\ ", " "), owners=owners, line=number)


@lru_cache(maxsize=1024)
def _fitting(pattern: str) -> re.Pattern[str]:
    """A pattern of the forge as a regular expression over paths from the root."""
    anchored = "/" in pattern.rstrip("/")
    body = pattern.strip("/")
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?)", body)
    text = "".join(_WILD.get(part, re.escape(part)) for part in parts)
    head = "^" if anchored else "(^|/)"
    # `dir/*` owns what lies in it and not what lies deeper
    tail = "/" if pattern.endswith("/") else "$" if pattern.endswith("/*") else "($|/)"
    return re.compile(f"{head}{text}{tail}")


_WILD: Final[Mapping[str, str]] = {
    "**/": "(.*/)?",
    "/**": "/.*",
    "**": ".*",
    "*": "[^/]*",
    "?": "[^/]",
}
