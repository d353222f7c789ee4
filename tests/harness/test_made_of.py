"""What a run is made of does not depend on how its packages are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.store import made_of


def test_a_package_is_the_same_by_whichever_names_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A namespace lists a folder once for each entry of the path that leads to it."""
    (tmp_path / "spaced").mkdir()
    (tmp_path / "spaced" / "one.py").write_text("ONE = 1\n")
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    once = made_of._package("spaced")
    monkeypatch.syspath_prepend(str(tmp_path / "link"))

    assert made_of._package("spaced") == once != ""
