"""Functions with every shape of branch that probes know; each takes one small integer.

`CASES` names them. They are run as they are, under probes, and under coverage.py.
"""

# ruff: noqa: SIM108, SIM201, RET505  # the shapes matter here, not the style

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LEVEL = "high" if len("ab") > 1 else "low"

if LEVEL == "high":
    FACTOR = 2
else:
    FACTOR = 1

for NUMBER in (1, 2, 3):
    LAST = NUMBER


def if_only(n: int) -> str:
    found = "no"
    if n > 2:
        found = "yes"
    return found


def if_elif_else(n: int) -> str:
    if n < 0:
        return "negative"
    elif n == 0:
        return "zero"
    elif n % 2 == 0:
        return "even"
    else:
        return "odd"


def loop_with_break(n: int) -> list[int]:
    found = []
    for i in range(n):
        if i == 3:
            break
        if i == 1:
            continue
        found.append(i)
    else:
        found.append(-1)
    return found


def plain_loop(n: int) -> int:
    total = 0
    for i in range(n):
        total += i
    return total


def while_loop(n: int) -> int:
    total = 0
    while n > 0:
        total += n
        n -= 1
    else:
        total += 100
    return total


def forever(n: int) -> int:
    while True:
        n += 1
        if n > 4:
            return n


def tried(n: int) -> str:
    try:
        value = 10 // n
        value += [1, 2, 3][n]
    except ZeroDivisionError:
        return "by zero"
    except (IndexError, KeyError) as error:
        return type(error).__name__
    else:
        value += 1
    return str(value)


def returned_from_try(n: int) -> int:
    try:
        return 10 // n
    except ZeroDivisionError:
        return 0


def tried_bare(n: int) -> str:
    try:
        if n:
            [][n]
        int("x")
    except IndexError:
        return "index"
    except:  # noqa: E722
        return "bare"


def loop_of_tries(n: int) -> list[int]:
    found = []
    for i in range(n):
        try:
            found.append(6 // (i - 1))
            continue
        except ZeroDivisionError:
            pass
        found.append(0)
    return found


def escaping(n: int) -> int:
    with suppress(KeyError):
        {0: "a"}[n]
        n += 10
    if n == 12:
        raise ValueError(f"{n} is too much" if n else "never")
    return n


def matched(n: int) -> str:
    match n:
        case 0 | 1:
            return "few"
        case 2 if FACTOR > 1:
            return "two"
        case 3:
            found = "three"
        case _:
            found = "many"
    return found


def matched_in_part(n: int) -> str:
    found = "none"
    match {"kind": "a" if n else "b", "n": n}:
        case {"kind": "a", "n": int(count)} if count > 2 and count < 5:
            found = f"a{count}"
        case {"kind": "b"}:
            found = "b"
    return found


def operands(n: int) -> tuple[Any, ...]:
    return (
        n > 1 and n < 3,
        n or "none",
        not (n and n > 2) or n == 4,
        (n > 3 or n == 1) and n != 5,
        n and n + 1 and n + 2,
        [] or n,
    )


def tested(n: int) -> str:
    if n > 3 or (n < 2 and not n == 1):
        return "out" if n and n > 3 else "low"
    return "in"


def comprehensions(n: int) -> tuple[Any, ...]:
    return (
        [i for i in range(n) if i % 2 and i > 1],
        {i: j for i in range(n) for j in range(i) if j},
        sum(i for i in range(n)),
        {(lambda k: k if k > 1 else -k)(i) for i in range(n)},
        any(m > 2 for i in range(n) if (m := i + 1)),
    )


def generated(n: int) -> list[int]:
    def numbers() -> Iterator[int]:
        """Yield until told to stop."""
        i = 0
        while i < n:
            if (yield_now := i % 3) != 1:
                yield i + yield_now
            i += 1

    return list(numbers())


class Counter:
    """A class whose body decides."""

    start = 1 if FACTOR else 0
    for step in (1, 2):
        end = step

    def __init__(self, n: int, *, twice: bool = bool(FACTOR) and FACTOR > 1) -> None:
        self.n = n * 2 if twice else n

    @property
    def big(self) -> bool:
        return bool(self.n > 4)

    def stub(self) -> int: ...


def with_class(n: int) -> tuple[Any, ...]:
    counter = Counter(n)
    return counter.n, counter.big, Counter.start, Counter.end, sorted(vars(Counter))


def recursive(n: int) -> int:
    total = 0
    for i in range(n):
        total += recursive(i) + 1
    return total


# fmt: off
def multi_line(n: int) -> int:
    if (
        n > 1
        and n < 4
    ):
        n = (
            7
            if n == 2
            else 8
        )
    return n
# fmt: on


def finally_runs(n: int) -> list[str]:
    found = []
    try:
        found.append(str(1 // n))
    except ZeroDivisionError:
        found.append("zero")
    finally:
        found.append("done")
    return found


CASES: list[Callable[[int], object]] = [
    if_only,
    if_elif_else,
    loop_with_break,
    plain_loop,
    while_loop,
    forever,
    tried,
    returned_from_try,
    tried_bare,
    loop_of_tries,
    escaping,
    matched,
    matched_in_part,
    operands,
    tested,
    comprehensions,
    generated,
    with_class,
    recursive,
    multi_line,
    finally_runs,
]


def run(names: dict[str, Any], inputs: list[int]) -> list[tuple[str, int, str]]:
    """Call every case of a module with every input; what came of it, in words."""
    found = []
    for case in names["CASES"]:
        for n in inputs:
            try:
                result = repr(case(n))
            except Exception as error:  # noqa: BLE001
                result = repr(error)
            found.append((case.__name__, n, result))
    return found
