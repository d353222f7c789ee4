"""Functions whose name still stands while what they did is gone: one planted fault a rule."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.guarding.gutting import RULES
from harness.guarding.loss import Kind
from tests.harness.guarded_control import (
    BODY,
    FILES,
    FINE,
    HEAD,
    SHELVED,
    before,
    changed,
    fine,
    indented,
    losses,
)

GUTTED: Mapping[str, tuple[str, dict[str, str], str]] = {
    "pass": ("stub", fine("    pass\n"), "does nothing any more"),
    "ellipsis": ("stub", fine("    ...\n"), "does nothing any more"),
    "docstring": ("stub", fine('    """Gone."""\n'), "does nothing any more"),
    "raise": (
        "only-raises",
        fine("    raise RuntimeError('gone')\n"),
        "only raises: `raise Runtime",
    ),
    "return none": ("constant-answer", fine("    return None\n"), "only answers `return None`"),
    "return a table": (
        "constant-answer",
        fine("    return {'fine': 0}\n"),
        "`return {'fine': 0}`",
    ),
    "an early return": ("constant-answer", before("    return None\n"), "only answers"),
    "an early raise": ("only-raises", before("    raise ValueError\n"), "only raises"),
    "a return halfway": (
        "leaves-early",
        changed("fine.py", '    ports.send("letter"', '    return None\n    ports.send("letter"'),
        "never gets to `return {'fine': amount}` and 1 more",
    ),
    "if true": ("constant-answer", before("    if True:\n        return None\n"), "only answers"),
    "if one is one": (
        "constant-answer",
        before("    if 1 == 1:\n        return\n"),
        "only answers",
    ),
    "if not false": ("constant-answer", before("    if not 0:\n        return\n"), "only answers"),
    "assert false": ("leaves-early", before("    assert False\n"), "never gets to `"),
    "if flag": ("switched", before("    if OFF:\n        return None\n"), "hangs on `OFF`"),
    "if a setting": (
        "switched",
        before("    if settings.fines.off:\n        raise Gone\n"),
        "`settings.fines.off`",
    ),
    "if an environment": (
        "switched",
        before("    if os.getenv('X') == '1':\n        return\n"),
        "os.getenv('X')",
    ),
    "all behind a flag": (
        "switched",
        fine("    if ENABLED:\n" + indented(BODY)),
        "hangs on `ENABLED`",
    ),
    "all behind a constant": ("stub", fine("    if 0:\n" + indented(BODY)), "does nothing"),
    "all in a loop over nothing": (
        "stub",
        fine("    for _ in ():\n" + indented(BODY)),
        "does nothing any more",
    ),
    "all behind a try that leaves": (
        "leaves-early",
        fine(
            "    try:\n        raise Skip\n    except Skip:\n        return None\n    else:\n"
            + indented(BODY)
        ),
        "and 8 more",
    ),
    "all in a loop that a call decides": (
        "switched",
        fine("    for _ in range(0):\n" + indented(BODY)),
        "hangs on `range(0)`",
    ),
    "all in a case of nothing local": (
        "switched",
        fine("    match MODE:\n        case 1:\n" + indented(indented(BODY))),
        "hangs on `MODE`",
    ),
    "a condition that names what it is": (
        "constant-answer",
        before("    if on := 1:\n        return None\n"),
        "only answers",
    ),
    "a return behind a try": (
        "leaves-early",
        before("    try:\n        pass\n    finally:\n        return None\n"),
        "and 8 more",
    ),
    "one answer for every loan": (
        "constant-answer",
        changed("fine.py", '"late" if loan.due else "lost"', '"late"'),
        "only answers `return 'late'`",
    ),
    "all in a function that nobody calls": (
        "half-lost",
        fine("    def old():\n" + indented(BODY) + "    return None\n"),
        "keeps 2 of",
    ),
    "an operand that switches": (
        "switched",
        changed("fine.py", "    if loan is None:", "    if OFF or loan is None:"),
        "hangs on `OFF`",
    ),
    "half of it": (
        "half-lost",
        changed("fine.py", FINE[FINE.index("    late = ") : FINE.index('    ports.send("')], ""),
        "keeps 5 of 10 statements",
    ),
    "most of what it calls": (
        "half-lost",
        changed("returned.py", SHELVED, "    held = 1\n    held += 1\n"),
        "calls",
    ),
    "filled with nothing": (
        "stub",
        fine("    pass\n    ...\n    'x'\n    ports = ports\n"),
        "does nothing any more",
    ),
    "a generator": (
        "lazy",
        changed("fine.py", "    return {", "    yield {"),
        "became a generator",
    ),
    "a coroutine": ("lazy", changed("fine.py", HEAD, f"async {HEAD}"), "became a coroutine"),
    "a decorator": ("wrapped", changed("fine.py", HEAD, f"@off\n{HEAD}"), "is wrapped in `@off`"),
    "no decorator": ("unwrapped", changed("fine.py", FINE, FINE), "lost `@handles('fine.due')`"),
}


@pytest.mark.parametrize("name", GUTTED)
def test_a_gutted_function_is_seen_by_its_rule(name: str) -> None:
    rule, after, said = GUTTED[name]
    there = FILES
    if name == "no decorator":
        there = changed("fine.py", HEAD, f"@handles('fine.due')\n{HEAD}")
    found = [one for one in losses(after, there) if one.kind is Kind.GUTTED]

    assert [(one.rule, said in one.said) for one in found] == [(rule, True)], found
    assert found[0].file in ("old_desk/fine.py", "old_desk/returned.py")


def test_every_rule_of_the_table_has_its_planted_fault() -> None:
    assert {rule for rule, _, _ in GUTTED.values()} == set(RULES)


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("lambda ports, t: ports.fines.put(t.loan)", "lambda *_: None", "constant-answer", "None"),
        (
            "lambda ports, t: ports.a(t) or ports.b(t)",
            "lambda p, t: p.a(t)",
            "half-lost",
            "1 of 2",
        ),
        ("lambda ports, t: ports.a(t)", "lambda p, t: p.a(t) if ON else 0", "switched", "`ON`"),
    ],
)
def test_a_lambda_is_a_function_wherever_it_stands(
    old: str, new: str, rule: str, said: str
) -> None:
    for line in ("forgive = {}\n", 'TABLE = {{"desk.forgive": {}, "desk.keep": 1}}\n'):
        there = FILES | {"old_desk/forgive.py": line.format(old)}
        after = FILES | {"old_desk/forgive.py": line.format(new)}

        (found,) = losses(after, there)

        assert (found.rule, said in found.said) == (rule, True), found
