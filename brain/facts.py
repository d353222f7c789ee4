"""What an invariant may see of one account: plain data, and the calls of one episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Call(Protocol):
    """One call of Stripe, reads included; `result` is "ok" or an error's code."""

    @property
    def actor(self) -> str: ...
    @property
    def object(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def result(self) -> str: ...


class Facts(Protocol):
    """What an invariant may see of one account."""

    @property
    def books(self) -> Mapping[str, Any]: ...
    @property
    def truth(self) -> Mapping[str, Any]: ...
    @property
    def outcome(self) -> Mapping[str, Any]: ...
    @property
    def calls(self) -> Sequence[Call]: ...
    @property
    def now(self) -> int: ...
