"""Every rule that may fire has its sentence in the README, and no sentence is left over."""

import ast
import re
from pathlib import Path

BRAIN = Path(__file__).parents[2] / "brain"
TELLING = ("because", "reason")


def told_rules():
    """Rules that the brain's code names: first arguments of what tells a reason."""
    for file in sorted(BRAIN.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and name_of(node.func) in TELLING:
                yield from texts(node.args[0])


def name_of(called):
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def texts(argument):
    """The texts an argument can be; none where it hands a rule on."""
    match argument:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*texts(body), *texts(orelse))


def explained_rules():
    readme = (BRAIN / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Rules\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z-]+)` \| \S", section, flags=re.MULTILINE)


def test_every_rule_that_may_fire_is_explained_once():
    explained = explained_rules()
    assert len(explained) == len(set(explained))
    assert set(told_rules()) | handed_on() == set(explained)


def handed_on():
    """Rules that reach `because` by a variable: the code has them as texts all the same."""
    return {"blocked", "banned", "owes", "owes-as-noted"}
