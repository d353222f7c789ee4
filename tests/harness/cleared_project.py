"""A project small enough to be cleared in a test: as files in memory, and as a git repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from harness.clearance.tree import parsed
from harness.errors import InputError

CONFIG = """\
[tool.shadow]
control = "old.engine:ENGINE"
candidate = "new.engine:ENGINE"
world = "kit.kit:KIT"
invariants = "new.rules:INVARIANTS"
scenarios = "scenarios"
gate = "scenarios/gate.yaml"
"""

FILES: Mapping[str, str] = {
    "pyproject.toml": CONFIG,
    "constraints.txt": "msgspec==0.20.0\n",
    "README.md": "what it is\n",
    "old/__init__.py": '"""The control."""\n',
    "old/engine.py": "from old import pay, refund\n\nENGINE = (pay.pay, refund.refund)\n",
    "old/pay.py": '"""Pays."""\n\nfrom old.money import cents\n\n\ndef pay(x):\n'
    '    """Pay."""\n    return cents(x) + 1  # a fee\n',
    "old/refund.py": "from old.money import cents\nfrom old.notes import note\n\n\n"
    "def refund(x):\n    note()\n    return cents(x) - 1\n",
    "old/money.py": "RATE = 100\n\n\ndef cents(x):\n    return x * RATE\n",
    "old/notes.py": "def note():\n    return None\n",
    "new/__init__.py": "",
    "new/engine.py": "import msgspec\nimport rates.table\n\nENGINE = rates.table.RATE\n",
    "new/rules.py": "INVARIANTS = ()\n",
    "new/told.txt": "a table\n",
    "rates/__init__.py": "",
    "rates/table.py": "RATE = 100\n",
    "rates/table.csv": "1,2\n",
    "kit/__init__.py": "",
    "kit/kit.py": "from pathlib import Path\n\nKIT = 1\n",
    "kit/templates/a.yaml": "id: $id\n",
    "scenarios/one.yaml": "id: one\n",
    "scenarios/deep/two.yaml": "id: two\n",
    "scenarios/manifest.lock": "{}\n",
    "scenarios/fields.yaml": "[]\n",
    "scenarios/README.md": "how to write one\n",
    "scenarios/gate.yaml": "level: rehearsal\n",
    "scenarios/rulings/R-1.yaml": "id: R-1\n",
}
PATHS: Mapping[str, str] = {"api.pay": "old.pay", "api.refund": "old.refund"}


@dataclass(frozen=True)
class MemoryTree:
    """A tree whose files are texts in a mapping."""

    texts: Mapping[str, str | bytes]
    name: str = "memory"

    def files(self, under: str = "") -> tuple[str, ...]:
        at = parsed(under)
        return tuple(sorted(p for p in self.texts if not at or p == at or p.startswith(f"{at}/")))

    def exists(self, path: str) -> bool:
        return bool(self.files(path)) if parsed(path) else bool(self.texts)

    def read(self, path: str) -> bytes:
        if parsed(path) not in self.texts:
            raise InputError("tree-file-missing", path)
        text = self.texts[parsed(path)]
        return text if isinstance(text, bytes) else text.encode()


def edited(changed: Mapping[str, str | None] = MappingProxyType({})) -> MemoryTree:
    """The project with some files changed, added, or taken out."""
    texts = {**FILES, **changed}
    return MemoryTree({name: text for name, text in texts.items() if text is not None})


def git(at: Path, *words: str, day: str = "2026-03-02", who: str = "ada") -> str:
    """Run git in a folder, whatever this machine's own settings are."""
    stamp = f"{day}T10:00:00Z"
    return subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false", *words],
        cwd=at,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": who,
            "GIT_AUTHOR_EMAIL": f"{who}@house.example",
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_NAME": who,
            "GIT_COMMITTER_EMAIL": f"{who}@house.example",
            "GIT_COMMITTER_DATE": stamp,
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def written(root: Path, files: Mapping[str, str] = FILES) -> Path:
    """Write files into a folder."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def committed(root: Path, message: str = "all of it", **how: str) -> str:
    """Commit everything in a folder, as a repository from then on, and give the commit's id."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message, **how)
    return git(root, "rev-parse", "HEAD").strip()
