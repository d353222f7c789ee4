"""A small control for the guard: two paths, a shared module, a registry, a table as data."""

from __future__ import annotations

from collections.abc import Mapping

from harness.guarding.comparing import Comparison
from harness.guarding.loss import Loss, Note
from harness.guarding.package import Package, Place

NAME = "old_desk"

REGISTRY = '''\
"""The registry."""

from types import MappingProxyType

from old_desk.fine import charge_fine
from old_desk.returned import returned


class Engine:
    def __init__(self, name, handlers, quirks):
        self.name, self.handlers, self.quirks = name, handlers, quirks


PATHS = MappingProxyType(
    {
        "desk.fine": (charge_fine, "fine.due"),
        "desk.returned": (returned, "loan.returned"),
    }
)
QUIRKS = {
    "desk.fine": {"Q1": "an hour late costs a day"},
    "desk.returned": {"Q2": "a lost book comes back"},
}
CRASHES = {"Q1": "ValueError"}
ENGINE = Engine(
    name="old_desk",
    handlers={trigger: call for call, trigger in PATHS.values()},
    quirks=QUIRKS,
)
'''

FINE = '''\
"""`desk.fine`: charges who brings a book back late."""

from old_desk.money import days, round_up

GRACE = 2
RATES = {"child": 10, "adult": 25}


def charge_fine(ports, trigger):
    """Charge the fine."""
    loan = ports.loans.get(trigger.loan)
    if loan is None:
        return None
    late = days(ports.clock.now() - loan.due)
    if late <= GRACE:
        return None
    amount = round_up(late * RATES[loan.reader])
    ports.fines.put(loan.reader, amount)
    ports.send("letter", amount=amount)
    return {"fine": amount}


def _reason(loan):
    return "late" if loan.due else "lost"
'''

RETURNED = '''\
"""`desk.returned`: takes a book back."""

from old_desk.money import days


class Shelf:
    """Where books stand."""

    full = 12

    def put(self, book):
        place = days(book.bought)
        self.books[place] = book
        return place


def returned(ports, trigger):
    ports.loans.remove(trigger.loan)
    held = Shelf()
    held.put(trigger.book)
    ports.send("thanks", loan=trigger.loan)
'''

MONEY = '''\
"""What both paths count with."""

DAY = 86_400


def days(seconds):
    return seconds // DAY


def round_up(amount):
    rest = amount % 5
    if rest:
        amount += 5 - rest
    return amount
'''

HOLIDAYS = (
    '{"holidays": ["2026-12-25", "2026-12-26"], "closed": {"sunday": true, "monday": false}}\n'
)

FILES: Mapping[str, str] = {
    "old_desk/__init__.py": '"""The old desk."""\n',
    "old_desk/engine.py": REGISTRY,
    "old_desk/fine.py": FINE,
    "old_desk/returned.py": RETURNED,
    "old_desk/money.py": MONEY,
    "old_desk/holidays.json": HOLIDAYS,
    "old_desk/QUIRKS.md": "# Quirks\n\n- Q1\n- Q2\n",
}


def changed(file: str, old: str, new: str, files: Mapping[str, str] = FILES) -> dict[str, str]:
    """The files with one text in one of them replaced."""
    name = f"{NAME}/{file}"
    assert old in files[name], (name, old)
    return {**files, name: files[name].replace(old, new)}


def without(file: str, files: Mapping[str, str] = FILES) -> dict[str, str]:
    return {name: text for name, text in files.items() if name != f"{NAME}/{file}"}


def package(files: Mapping[str, str]) -> Package:
    """The package as the files have it."""
    modules = {
        file: file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for file in files
        if file.endswith(".py")
    }
    return Package(NAME, modules, {file: text.encode() for file, text in files.items()})


def comparison(
    after: Mapping[str, str],
    before: Mapping[str, str] = FILES,
    elsewhere: Mapping[str, str] | None = None,
) -> Comparison:
    registry = Place(f"{NAME}.engine", "ENGINE")
    others = {file: text.encode() for file, text in (elsewhere or {}).items()}
    return Comparison(package(before), package(after), registry, others)


def losses(
    after: Mapping[str, str],
    before: Mapping[str, str] = FILES,
    elsewhere: Mapping[str, str] | None = None,
) -> tuple[Loss, ...]:
    return comparison(after, before, elsewhere).losses()


def notes(after: Mapping[str, str]) -> tuple[Note, ...]:
    compared = comparison(after)
    return compared.notes(compared.losses())


HEAD = "def charge_fine(ports, trigger):\n"
BODY = FINE[FINE.index(HEAD) + len(HEAD) : FINE.index("\n\ndef _reason")]


def fine(body: str) -> dict[str, str]:
    """The files with another body of `charge_fine`."""
    return changed("fine.py", BODY, body)


def before(line: str) -> dict[str, str]:
    """The files with lines put in front of what `charge_fine` does."""
    return changed("fine.py", "    loan = ports", f"{line}    loan = ports")


def indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))


SHELVED = "    held = Shelf()\n    held.put(trigger.book)\n"
