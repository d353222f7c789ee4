"""The words of a domain that mutants are made with: a kit brings them, or there are none."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from harness.errors import InputError
from harness.mutate.view import View

ATTRIBUTE: Final = "mutation_words"
"""What a kit names its words; see `Vocabulary` for what they may be."""

ANY: Final = "*"
"""In `optional`: whatever keyword the method is called with."""

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the operators know of a domain. Without any of it the others still work.

    A template is an expression in which `_x`, `_y` and so on stand for any expression. What
    replaces one may call `view` (`harness.mutate.view`) and the functions in `names`.

    Attributes:
        words: closed sets of texts of one sort, such as the states of one machine: each is
            swapped with the next of its set.
        attributes: closed sets of attributes (or keys) that hold the same sort of thing.
        amounts: attributes, keys, variables and keywords that hold money.
        writes: methods of ports that write or call out.
        told: functions and methods that only explain: what is in their calls is left alone,
            since nothing compares it, and so are their bodies.
        keys: keywords that make a call happen once only.
        repeatable: calls, as `port.method`, that made twice at once are as made once.
        conditional: keywords with which even those fail the second time.
        optional: method of a port → keyword that it has a default for → its defaults (in several
            ports); `*` for any keyword.
        stale: templates of what reads anew, each with what was known before.
        fresh: templates of what was known before, each with what reads it anew.
        names: functions that the templates call.
    """

    words: tuple[tuple[str, ...], ...] = ()
    attributes: tuple[tuple[str, ...], ...] = ()
    amounts: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    repeatable: frozenset[str] = frozenset()
    conditional: frozenset[str] = frozenset()
    optional: Mapping[str, Mapping[str, tuple[Any, ...]]] = field(default_factory=dict)
    stale: tuple[Pair, ...] = ()
    fresh: tuple[Pair, ...] = ()
    names: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def injected(self) -> dict[str, Any]:
        """Return what the globals of a mutated module need besides its own."""
        known = {"view": View, **self.names}
        return {injected_name(name): value for name, value in known.items()}


def injected_name(name: str) -> str:
    """Return the name that a mutant finds one of the template's functions under."""
    return f"__mutant_{name}__"


def vocabulary_of(kit: Any) -> Vocabulary:
    """Return a kit's words; none where it brings none.

    Raises:
        InputError: a word is not what `Vocabulary` says, so that a mutant would silently be lost.
    """
    found = getattr(kit, ATTRIBUTE, None)
    if found is None:
        return Vocabulary()

    def of(name: str) -> Any:
        return getattr(found, name, ())

    words = Vocabulary(
        words=_sets(of("words"), "words"),
        attributes=_sets(of("attributes"), "attributes"),
        amounts=frozenset(_texts(of("amounts"), "amounts")),
        writes=frozenset(_texts(of("writes"), "writes")),
        told=frozenset(_texts(of("told"), "told")),
        keys=frozenset(_texts(of("keys"), "keys")),
        repeatable=frozenset(_texts(of("repeatable"), "repeatable")),
        conditional=frozenset(_texts(of("conditional"), "conditional")),
        optional=_optional(of("optional")),
        stale=_templates(of("stale"), "stale"),
        fresh=_templates(of("fresh"), "fresh"),
        names=dict(of("names")),
    )
    for name, value in words.names.items():
        if not name.isidentifier() or not callable(value):
            raise _bad("names", f"`{name}` is no function with a name")
    return words


def _sets(found: Iterable[Iterable[str]], name: str) -> tuple[tuple[str, ...], ...]:
    sets = tuple(_texts(one, name) for one in found)
    for one in sets:
        if len(one) < 2 or len(set(one)) < len(one):
            raise _bad(name, f"{list(one)} has to hold two texts or more, each once")
    return sets


def _texts(found: Iterable[str], name: str) -> tuple[str, ...]:
    texts = (found,) if isinstance(found, str) else tuple(found)
    if isinstance(found, str) or not all(isinstance(text, str) for text in texts):
        raise _bad(name, f"{found!r} has to be a collection of texts")
    return texts


def _optional(found: Any) -> Mapping[str, Mapping[str, tuple[Any, ...]]]:
    made: dict[str, Mapping[str, tuple[Any, ...]]] = {}
    for method, keywords in dict(found).items():
        if not isinstance(keywords, Mapping):
            raise _bad("optional", f"{method} has to map keywords to tuples of their defaults")
        names = _texts(keywords, f"optional.{method}")
        made[method] = {name: tuple(keywords[name]) for name in names}
    return made


def _templates(found: Iterable[Iterable[str]], name: str) -> tuple[Pair, ...]:
    pairs: list[Pair] = []
    for one in found:
        pair = _texts(one, name)
        if len(pair) != 2:
            raise _bad(name, f"{list(pair)} has to be two expressions")
        for text in pair:
            try:
                ast.parse(text, mode="eval")
            except SyntaxError as error:
                raise _bad(name, f"`{text}` is no expression") from error
        pairs.append((pair[0], pair[1]))
    return tuple(pairs)


def _bad(name: str, what: str) -> InputError:
    return InputError(
        "mutation-words",
        f"{ATTRIBUTE}.{name} of the kit: {what}",
        hint="harness/mutate/vocabulary.py says what each of them is",
    )
