"""The list of a sample: which accounts were drawn, so that they can be recorded."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from harness.errors import InputError
from harness.sampling.draw import Draw, Part, Seed
from harness.sampling.ledger import Size

DRAWN: Final = "drawn"
BURNED: Final = "burned"


def list_of(draw: Draw, seed: Seed) -> bytes:
    """The file's bytes: what the draw follows from, then a line an account, `cut -f1` its id."""
    head = [f"# {name} {value}" for name, value in seed._asdict().items()]
    rows = [
        f"{account}\t{stratum}\t{how}"
        for stratum, part in sorted(draw.items())
        for how, accounts in ((DRAWN, part.drawn), (BURNED, part.burned))
        for account in accounts
    ]
    return "".join(f"{line}\n" for line in (*head, *rows)).encode()


def sample_of(content: bytes) -> str:
    """What a list is known by: sha256 of its bytes."""
    return hashlib.sha256(content).hexdigest()


def sizes_of(draw: Draw) -> dict[str, Size]:
    """The sizes of a draw, for the ledger."""
    return {name: _size(part) for name, part in sorted(draw.items())}


def _size(part: Part) -> Size:
    ids = hashlib.sha256("\n".join(part.drawn).encode()).hexdigest()
    return Size(accounts=part.accounts, burned=len(part.burned), drawn=len(part.drawn), ids=ids)


def read_list(content: bytes, strata: Mapping[str, Size], file: str) -> dict[str, Part]:
    """The draw that a list tells of, which has to have the sizes that the ledger tells.

    Raises:
        InputError: `sample-list`, it is another list.
    """
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if line.startswith("#"):
            continue
        account, _, rest = line.partition("\t")
        stratum, _, how = rest.partition("\t")
        if stratum not in strata or how not in (DRAWN, BURNED):
            message = "is no account with a stratum of the draw"
            raise InputError("sample-list", message, f"{file}:{number}", _REPAIR)
        found[stratum, how].append(account)
    draw = {
        name: Part(
            accounts=size.accounts,
            drawn=tuple(found[name, DRAWN]),
            burned=tuple(found[name, BURNED]),
        )
        for name, size in strata.items()
    }
    if sizes_of(draw) != dict(strata):
        raise InputError("sample-list", "holds other accounts than were drawn", file, _REPAIR)
    return draw


_REPAIR: Final = "take the list back from the repository, or draw again"
