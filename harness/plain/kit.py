"""A kit for a domain that needs nothing special: stores, acts, and what its owners say of them.

Whoever says nothing gets what closes the gate (docs/decisions/0032): all stores are books and
compared, every answer to an act is compared, and no cell counts as sound before somebody said what
the customer is entitled to.

    from harness.plain.kit import ActImpossible, Invariant, Kit, Row, Time, asked, happens

Whoever needs more inherits from `Kit` and overrides what `harness.ports.Kit` asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from harness.canonical import same
from harness.errors import InputError
from harness.model import ABSENT
from harness.moment import moment
from harness.plain.journal import NAMES, BadType, NoSuchRow, UnknownState
from harness.plain.ports import View
from harness.plain.rows import Row, Time, is_plain_type, row_of, unfit_fields, written
from harness.plain.surface import surface
from harness.plain.world import PlainWorld, row_data
from harness.ports import Data, Facts
from harness.text import quoted

__all__ = ["ActImpossible", "Invariant", "Kit", "Row", "Time", "asked", "happens"]

SEGMENT: Final = "all"
"""What a ruling's `scope.segments` names where a kit tells accounts apart by nothing."""

RESERVED: Final = frozenset({"at", "act", "hold"})
"""Keys of an item of `when` that no argument can have."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_NO_WORD: Final = re.compile(r"\W", re.ASCII)


class ActImpossible(Exception):
    """An act makes no sense in this world: what it is about is not there, or not so."""


class GivenError(ValueError):
    """A `given` that no world can be; `path` is the place below `given`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


class Invariant(NamedTuple):
    """What must hold after every episode, with `every_effect` after every single effect.

    `check` is given `harness.ports.Facts` and returns what is broken, in words; nothing is well.
    `broken_by` and `kept_by` are facts that break it and facts that do not, to try it on.
    """

    id: str
    title: str
    check: Callable[[Facts], Iterable[str]]
    every_effect: bool = False
    broken_by: Mapping[str, Any] | None = None
    kept_by: Mapping[str, Any] | None = None


class Does(NamedTuple):
    """An act as a kit declares it: `change` is what happens outside, None asks the engine."""

    change: Callable[[Any, Any], object] | None
    takes: Mapping[str, Any]


def asked(**takes: Any) -> Does:
    """Somebody asks the engine; its answer is compared.

    Args:
        takes: argument → its type, or a pair of its type and its default.
    """
    return Does(None, takes)


def happens(change: Callable[[Any, Any], object], /, **takes: Any) -> Does:
    """Something happens outside both engines.

    Args:
        change: called with ports and the arguments; raises ActImpossible where it cannot happen.
        takes: as `asked`.
    """
    return Does(change, takes)


class Act(NamedTuple):
    """Meets `harness.ports.ActSpec`; `answers` tells that what the engine answers is compared."""

    name: str
    args: type
    engine: bool
    answers: bool
    change: Callable[[Any, Any], object] | None


class Kit:
    """Meets `harness.ports.Kit` for plain worlds; what is not said is decided as above."""

    ActImpossible = ActImpossible
    GivenError = GivenError
    fields: Mapping[str, tuple[str, ...]] = {}

    def __init__(
        self,
        *,
        stores: Mapping[str, type[Row]],
        acts: Mapping[str, Does],
        truth: Callable[[View], Mapping[str, Data]] | None = None,
        outcome: Callable[[View], Mapping[str, Data]] | None = None,
        entitled: Callable[[View], Iterable[str] | None] | None = None,
        harm: Callable[[Any, Any], Iterable[str]] | None = None,
        loss: Callable[[View, View], Mapping[str, int]] | None = None,
    ) -> None:
        """Declare a domain.

        Args:
            stores: name → type of its rows.
            acts: name → `asked(…)` or `happens(…)`.
            truth: what the outcome ought to be, worked out apart from both engines.
            outcome: what those whom it is all for get; the books where it is not given.
            entitled: what truth entitles them to and they do not get, in words, or None where
                nobody can tell; by default, what `truth` names and `outcome` tells otherwise.
            harm: what is worse in the second outcome than in the first, in words; by default
                everything that is other.
            loss: unit → whole amount that the second world loses against the first.

        Raises:
            InputError: a store or an act cannot be as it is declared.
        """
        self._stores, self._does = dict(stores), dict(acts)
        self.surface = surface(stores)
        for store, kind in stores.items():
            _check_store(store, kind)
        self.acts = {
            name: _act(number, name, does) for number, (name, does) in enumerate(acts.items())
        }
        self._truth, self._outcome, self._entitled = truth, outcome, entitled
        self._harm, self._loss = harm, loss
        self.Given = msgspec.defstruct(
            "Given",
            [
                ("now", str),
                *((s, dict[str, written(kind)], {}) for s, kind in stores.items()),  # type: ignore[misc]  # made here
                ("unknown", tuple[str, ...], ()),
            ],
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
        )

    # --- worlds and acts

    def load(self, given: Any) -> PlainWorld:
        """Make the world that a scenario gives.

        Raises:
            GivenError: no world can be so.
        """
        try:
            now = moment(given.now, now=-1)
        except ValueError as error:
            raise GivenError("now", str(error)) from None
        if given.now.startswith("+"):
            raise GivenError("now", f"{quoted(given.now)} counts from nothing; give a date")
        for number, store in enumerate(given.unknown):
            if store not in self._stores:
                raise GivenError(f"unknown[{number}]", f"there is no store {quoted(store)}")
            if getattr(given, store):
                raise GivenError(f"unknown[{number}]", f"{store} is given and cannot be unknown")
        tables = {
            store: {key: _row(kind, row, store, key, now) for key, row in rows.items()}
            for store, kind in self._stores.items()
            for rows in (getattr(given, store),)
        }
        try:
            return PlainWorld(now, self._stores, tables, given.unknown)
        except BadType as error:
            raise GivenError(str(error).partition(" ")[0], f"cannot be held: {error}") from None

    def apply(self, world: PlainWorld, name: str, args: Any) -> None:
        """Change the world from outside.

        Raises:
            ActImpossible: it makes no sense here.
        """
        change = self.acts[name].change
        if change is None:
            raise ActImpossible(f"{name} is asked of the engine")
        try:
            change(world.ports, args)
        except UnknownState as unknown:
            raise ActImpossible(f"nobody recorded {unknown}") from None
        except NoSuchRow as missing:
            raise ActImpossible(str(missing)) from None

    def intent(self, world: PlainWorld, name: str, args: Any) -> Any | None:  # noqa: ARG002  # for whoever overrides it
        """The arguments as they are: an act is meant in every world."""
        return args

    # --- what is compared

    def books(self, world: PlainWorld) -> dict[str, Data]:
        """Everything in the stores; a store that nobody recorded is left out."""
        return {
            store: {key: row_data(row) for key, row in world.table(store).items()}
            for store in self._stores
            if store not in world.unknown
        }

    def money(self, world: PlainWorld) -> dict[str, Data]:  # noqa: ARG002  # likewise
        """Nothing: what a plain domain counts stands in its books."""
        return {}

    def effects(self, world: PlainWorld) -> dict[str, Data]:
        """What the engine sent to each object, in order."""
        found: dict[str, list[Data]] = {}
        for call in world.calls:
            found.setdefault(call.object, []).append({**call.params, "call": call.op})
        return dict(found)

    # --- what is judged

    def truth(self, world: PlainWorld) -> dict[str, Data]:
        """What the owners say the outcome ought to be; empty where they do not, or cannot."""
        return self._asked("truth", self._truth, world) if self._truth is not None else {}

    def outcome(self, world: PlainWorld) -> dict[str, Data]:
        """What those whom it is all for get; the books where nobody said what that is."""
        if self._outcome is None:
            return self.books(world)
        return self._asked("outcome", self._outcome, world)

    def _asked(
        self, name: str, tell: Callable[[View], Mapping[str, Data]], world: PlainWorld
    ) -> dict[str, Data]:
        try:
            told = tell(View(world))
        except UnknownState:
            return {}
        if not isinstance(told, Mapping):
            raise TypeError(f"{name} returned {quoted(told)}, and a mapping is needed")
        return dict(told)

    def entitled(self, world: PlainWorld) -> tuple[str, ...] | None:
        """What is due and not given; None where nobody can tell, so that no cell is sound."""
        if self._entitled is not None:
            try:
                unmet = self._entitled(View(world))
            except UnknownState:
                return None
            return None if unmet is None else _texts("entitled", unmet)
        due = self.truth(world)
        if not due or self._outcome is None:
            return None
        given = self.outcome(world)
        return tuple(
            f"{key} is {quoted(given.get(key, ABSENT))}, truth says {quoted(due[key])}"
            for key in sorted(due)
            if not same(due[key], given.get(key, ABSENT))
        )

    def wrongs(self, world: PlainWorld) -> tuple[str, ...]:
        """Whatever is due and not given is worse than truth, and no ruling covers it."""
        return self.entitled(world) or ()

    def harm(self, control: Any, candidate: Any) -> tuple[str, ...]:
        """What may be worse for those it is all for: everything other, where nobody said more."""
        if self._harm is not None:
            return _texts("harm", self._harm(control, candidate))
        return tuple(
            f"{key} is other than under the control"
            for key in sorted({*control, *candidate})
            if not same(control.get(key, ABSENT), candidate.get(key, ABSENT))
        )

    def loss(self, control: PlainWorld, candidate: PlainWorld) -> dict[str, int]:
        """What the owners lose; nothing where they did not say what they can lose."""
        if self._loss is None:
            return {}
        found = self._loss(View(control), View(candidate))
        return {unit: amount for unit, amount in found.items() if amount > 0}

    # --- what scenarios and rulings may name

    def expectable(self, world: PlainWorld) -> dict[str, dict[str, Data]]:
        return {"truth": self.truth(world), "customer": self.outcome(world)}

    def scope(self, before: PlainWorld, after: PlainWorld) -> dict[str, Data]:
        return {"before": self.books(before), "truth": self.truth(after)}

    def deferrals(self, world: PlainWorld) -> tuple[str, ...]:  # noqa: ARG002  # as `money`
        """None: a candidate leaves nothing to a person but what it writes in a store."""
        return ()

    def stratum(self, world: PlainWorld) -> dict[str, str]:  # noqa: ARG002  # as `money`
        return {"segment": SEGMENT}


def _texts(name: str, told: Any) -> tuple[str, ...]:
    """What a kit says in words; one text alone would be told letter by letter."""
    texts = None if isinstance(told, str) or not isinstance(told, Iterable) else tuple(told)
    if texts is None or not all(type(one) is str for one in texts):
        raise TypeError(f"{name} returned {quoted(told)}, and a list of texts is needed")
    return texts


def _check_store(store: str, kind: Any) -> None:
    if store in NAMES or not _NAME.fullmatch(store):
        message = f"no store can be called {quoted(store)}"
        raise InputError("kit-store", message, hint="lower-case words, joined by _")
    if not (isinstance(kind, type) and issubclass(kind, Row)):
        message = f"the rows of {store} are {quoted(kind)}"
        raise InputError("kit-store", message, hint="a class that inherits from Row")
    if not kind.__struct_config__.frozen or kind.__struct_config__.dict:
        message = f"the rows of {store} can be edited"
        raise InputError(
            "kit-store", message, hint="inherit from Row and change none of its options"
        )
    unfit = ", ".join(unfit_fields(kind))
    if unfit:
        message = f"the rows of {store} could hold what can change, or is not exact: {unfit}"
        raise InputError("kit-store", message, hint="str, int, bool, None, and tuples of them")


def _act(number: int, name: str, does: Does) -> Act:
    """The act; its number keeps the types of arguments apart that are called alike."""
    fields: list[Any] = []
    for argument, takes in does.takes.items():
        type_, *default = takes if type(takes) is tuple else (takes,)
        if argument in RESERVED or not is_plain_type(type_):
            message = f"the act {name} cannot take {argument}: {type_!r}"
            raise InputError("kit-act", message, hint="str, int, bool, None, and tuples of them")
        fields.append((argument, type_, *default))
    args = msgspec.defstruct(
        f"Act{number}_" + _NO_WORD.sub("_", name),
        fields,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    engine = does.change is None
    return Act(name, args, engine, answers=engine, change=does.change)


def _row(kind: type[Row], given: Any, store: str, key: str, now: int) -> Row:
    try:
        return row_of(kind, given, now=now)
    except ValueError as error:
        raise GivenError(f"{store}.{key}", str(error)) from None
