"""The page on editors: its transcript is what the commands print, its paths are files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.told_docs import ROOT, check, desk

PAGE = ROOT / "docs" / "editors.md"


def test_the_transcript_is_what_the_commands_print(tmp_path: Path) -> None:
    assert check(PAGE, desk(tmp_path)) == 4


def test_the_settings_are_json_and_name_schemas_that_are_there() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    schemas = json.loads(block)["yaml.schemas"]

    assert len(schemas) == 2
    for name in schemas:
        assert json.loads((ROOT / name).read_text("utf-8"))["$id"].startswith("urn:shadow:")
