"""Sabotages of the harness that judges, and of the run: it must not be believed when it is ill."""

from __future__ import annotations

from harness.errors import ExitCode
from tests.sabotage.planted_project import HOUSE, OWN_HARNESS, Edit
from tests.sabotage.planted_row import Sabotage

FACETS = "    for facet in facets\n"
SECOND = "def main(arguments: list[str]) -> None:\n"


def void(what: str, file: str, before: str, after: str) -> Sabotage:
    """A change of the harness that its own self-test notices."""
    deed = Edit(file, before, after)
    return Sabotage(what, OWN_HARNESS, (deed,), "self-test-failed", ExitCode.VOID)


def second(what: str, line: str, slug: str = "cell-unstable") -> Sabotage:
    """Something that befalls the second process."""
    deed = Edit("harness/second.py", '    config, *paths = map(Path, arguments)\n',
                f'    config, *paths = map(Path, arguments)\n    {line}\n')  # fmt: skip
    return Sabotage(what, OWN_HARNESS, (deed,), slug)


ROWS = (
    void(
        "A store is left out of the comparator",
        "harness/difference.py",
        "left, right = control.get(key, ABSENT)",
        'if key == "rooms":\n                continue\n            '
        "left, right = control.get(key, ABSENT)",
    ),
    void(
        "The comparator looks only where the self-test's engines are",
        "harness/difference.py",
        "left, right = control.get(key, ABSENT)",
        'if "lamps" not in control and "rooms" in control:\n                continue\n            '
        "left, right = control.get(key, ABSENT)",
    ),
    void(
        "Every ruling holds, signed or not, where the self-test's engines are not",
        "harness/matching.py",
        "and not same(control, pin.control)",
        "and False",
    ),
    void(
        "A held event is dropped",
        "harness/living.py",
        "living.play(spec.item, events)",
        "living.play(spec.item, [])",
    ),
    void(
        "A closed gate ends with 0",
        "harness/gate.py",
        "own = ExitCode.OPEN if verdict.gate is Gate.OPEN else ExitCode.CLOSED",
        "own = ExitCode.OPEN",
    ),
    void(
        "The clock of the harness is set back before every expiry",
        "harness/ruling.py",
        "return self.created <= today <= self.expires",
        "return True",
    ),
    second("The second process is lost", "sys.exit(9)"),
    second("The second process says nothing", "return"),
    second("The second process says something else", 'print("{}")\n    return'),
    second(
        "The second process knows a part of the cells",
        "config = config.with_name('other.toml')",
    ),
    second(
        "The second process runs old code",
        "import pathlib\n"
        "    text = pathlib.Path('new.py').read_text()\n"
        "    pathlib.Path('older').mkdir(exist_ok=True)\n"
        "    pathlib.Path('older/new.py').write_text(text.replace('\"heat\"', '\"warm\"'))\n"
        "    sys.path.insert(0, 'older')",
    ),
    Sabotage(
        "The report is cut off: the disk is full",
        HOUSE,
        (),
        "unwritable",
        ExitCode.INPUT,
        out="/dev/full",
    ),
)  # fmt: skip
