"""CODEOWNERS, read as the forge reads it."""

from __future__ import annotations

import pytest

from harness.guarding.code_owners import CodeOwners, code_owners


def owners(text: str) -> CodeOwners:
    return code_owners({"CODEOWNERS": text.encode()})


@pytest.mark.parametrize(
    ("pattern", "owned", "not_owned"),
    [
        ("*", ["a", "a/b", "a/b/c.py"], []),
        ("*.js", ["x.js", "a/x.js"], ["x.jsx"]),
        ("/build/logs/", ["build/logs/a", "build/logs/b/c"], ["a/build/logs/x", "build/logs"]),
        ("docs/*", ["docs/a.md"], ["docs/b/a.md", "x/docs/a.md"]),
        ("apps/", ["apps/a", "x/apps/a", "x/apps/b/c"], ["apps"]),
        ("/docs/", ["docs/a", "docs/b/c"], ["x/docs/a"]),
        ("/scripts", ["scripts", "scripts/a"], ["a/scripts", "scripts2"]),
        ("**/logs", ["logs", "a/logs", "a/b/logs/c"], ["alogs"]),
        ("/apps/**/x.py", ["apps/x.py", "apps/a/b/x.py"], ["x.py"]),
        ("/apps/**", ["apps/a", "apps/a/b"], ["apps"]),
        ("CODEOWNERS", ["CODEOWNERS", ".github/CODEOWNERS"], ["CODEOWNERS2"]),
        ("a?.txt", ["ab.txt"], ["a/.txt", "a.txt"]),
        ("/with\\ blank/", ["with blank/a"], ["with/a"]),
        (".github/", [".github/x"], ["xgithub/x"]),
    ],
)
def test_a_pattern_fits_what_the_forge_says(
    pattern: str, owned: list[str], not_owned: list[str]
) -> None:
    found = owners(f"{pattern} @ledger\n")

    assert [file for file in owned if found.of(file) != {"@ledger"}] == []
    assert [file for file in not_owned if found.of(file)] == []


def test_the_last_rule_that_fits_decides_also_where_it_names_nobody() -> None:
    found = owners("* @desk\n/a/ @ledger @Trust # both\n/a/b/\n#/a/ @ada\n")

    assert found.of("x") == {"@desk"}
    assert found.of("a/x") == {"@ledger", "@trust"}
    assert found.of("a/b/x") == frozenset()


def test_the_first_file_that_is_there_counts() -> None:
    found = code_owners({"CODEOWNERS": b"* @root\n", ".github/CODEOWNERS": b"* @github\n"})

    assert (found.file, found.of("x")) == (".github/CODEOWNERS", {"@github"})
    assert code_owners({}).of("x") == frozenset()
