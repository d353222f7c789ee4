"""The loan desk's control: two paths, and the quirk Q01 that who has paid stays blocked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from desk_control import pay, returned

PAY, RETURN = "api.pay_fine", "webhook.loan_returned"


class Handler(NamedTuple):
    path: str
    call: Callable[[Any, Any], Mapping[str, Any] | None]


class Path(NamedTuple):
    id: str
    module: str
    triggers: tuple[str, ...]
    origin: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class Quirk(NamedTuple):
    id: str
    title: str
    path: str
    crash: str | None


class Control(NamedTuple):
    name: str
    handlers: Mapping[str, tuple[Handler, ...]]
    refusals: tuple[type[Exception], ...]
    paths: Mapping[str, Path]
    quirks: Mapping[str, Quirk]


ENGINE = Control(
    name="desk",
    handlers={
        PAY: (Handler(PAY, pay.pay_fine),),
        "loan.returned": (Handler(RETURN, returned.loan_returned),),
    },
    refusals=(pay.Refused,),
    paths={
        PAY: Path(PAY, pay.__name__, (PAY,), "toy", ("member",), ("member", "till")),
        RETURN: Path(
            RETURN,
            returned.__name__,
            ("loan.returned",),
            "toy",
            ("member", "loans"),
            ("member", "loans"),
        ),
    },
    quirks={"Q01": Quirk("Q01", "paying leaves the member blocked", PAY, None)},
)
