"""The configuration table, and objects by dotted path."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import read_config
from harness.dotted import resolve
from harness.errors import InputError
from tests.harness.toy_project import CONFIG, KIT


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_config(path)
    return caught.value


def test_the_nearest_table_above_is_found_and_paths_count_from_it(tmp_path: Path) -> None:
    write(tmp_path, CONFIG)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    write(below, "[project]\nname = 'other'\n")

    config = read_config(start=below)

    assert config.root == tmp_path
    assert config.scenarios == tmp_path / "scenarios"
    assert config.gate == tmp_path / "scenarios" / "gate.yaml"
    assert config.timeout_seconds == 10


def test_a_named_file_may_hold_the_keys_at_its_top(tmp_path: Path) -> None:
    file = write(tmp_path, CONFIG.replace("[tool.shadow]", "timeout_seconds = 3"), "other.toml")

    assert read_config(file).timeout_seconds == 3


def test_no_table_anywhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_config(start=tmp_path)

    assert caught.value.slug == "config-missing"
    assert "--config" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "slug", "said"),
    [
        (CONFIG + 'scenario = "x"', "unknown-key", "did you mean 'scenarios'?"),
        (CONFIG.replace('world = "desk_world.kit:KIT"', ""), "missing-key", "'world'"),
        (CONFIG.replace('"scenarios"', "7"), "wrong-type", "scenarios: expected text"),
        (CONFIG.replace("kit:KIT", "kit.KIT"), "wrong-value", "is no dotted name"),
        (CONFIG + "timeout_seconds = 0", "wrong-value", "from 1 to 3600"),
        (CONFIG + "timeout_seconds = true", "wrong-value", "from 1 to 3600"),
        (CONFIG + "timeout_seconds = 1.5", "wrong-value", "from 1 to 3600"),
        ("[tool.shadow\n", "config-syntax", "no TOML"),
        ("[tool.other]\nx = 1", "config-missing", "no table [tool.shadow]"),
        ("[tool]\nshadow = 3", "config-missing", "no table [tool.shadow]"),
        ("a = 1\na = 2", "config-syntax", "no TOML"),
    ],
)
def test_a_wrong_table_is_one_clear_message(
    tmp_path: Path, text: str, slug: str, said: str
) -> None:
    error = refused(write(tmp_path, text))

    assert error.slug == slug
    assert said in str(error)
    assert "pyproject.toml" in error.where


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")

    assert refused(tmp_path / "none.toml").slug == "config-unreadable"
    assert refused(tmp_path).slug == "config-unreadable"
    assert refused(tmp_path / "binary.toml").slug == "not-utf8"


def test_objects_are_found_by_dotted_path(tmp_path: Path) -> None:
    found = resolve("desk_world.kit:KIT", key="world", root=tmp_path, where="f.toml")

    assert found is KIT


@pytest.mark.parametrize(
    ("dotted", "slug", "said"),
    [
        ("desk_world.nothing:KIT", "config-module", "no module 'desk_world.nothing'"),
        ("nowhere_at_all.kit:KIT", "config-module", "no module 'nowhere_at_all'"),
        ("desk_world.kit:KITT", "config-attribute", "did you mean 'KIT'?"),
    ],
)
def test_a_wrong_dotted_path_names_the_key(
    tmp_path: Path, dotted: str, slug: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        resolve(dotted, key="world", root=tmp_path, where="f.toml")

    assert caught.value.slug == slug
    assert said in str(caught.value)
    assert str(caught.value).startswith("f.toml: world: ")


def test_an_error_inside_a_named_module_is_no_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "breaks_inside.py").write_text("import not_installed_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(InputError, match="not_installed_anywhere") as error:
        resolve("breaks_inside:KIT", key="world", root=tmp_path, where="f.toml")
    assert error.value.slug == "config-import-failed"
    assert error.value.where == f"{tmp_path / 'breaks_inside.py'}:1"
