"""The file of a recorded scenario: made of a recording, read back, and only then written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.document import LARGEST, parse_document, read_document
from harness.errors import InputError
from harness.moment import day_of, iso
from harness.ports import Data, Happened, Recording
from harness.record.echo import Apart, told_apart
from harness.record.scenario_yaml import scenario_yaml
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, scenario_of
from harness.setup import Setup
from harness.text import shown_path
from harness.whole_file import replace_file, unwritable

SOURCE: Final = "shadow record events"
MADE: Final = (
    "Made by `shadow record events`: ids are pseudonyms, what may not be kept is left out."
)
PEOPLES: Final = ("family", "ticket", "deliverable", "faults", "assume", "then")
"""What people add to a recorded scenario: it stays when the recording is made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A recording that is a scenario now.

    Attributes:
        apart: which of its events are acts, and which are echoes.
        file: where it stands.
    """

    recording: Recording
    apart: Apart
    scenario: Scenario
    file: Path


def write_recording(
    recording: Recording, folder: Path, setup: Setup, vocabulary: Vocabulary
) -> Written:
    """Write a recording's scenario; nothing is replaced before the new text has been read back.

    Raises:
        InputError: the text is no scenario, the file there is another one, or cannot be written.
    """
    file = folder / f"{recording.id}.yaml"
    added = _added(file, recording.id)
    every = recording.happened
    # every event as an act: what the reader makes of it is what the control is replayed with
    draft, _ = _read_back(recording, every, (), added, vocabulary)
    apart = told_apart(setup, draft, every)
    acts = [every[number] for number in apart.acts]
    scenario, content = _read_back(recording, acts, apart.observed, added, vocabulary)
    _replace(file, content)
    return Written(recording=recording, apart=apart, scenario=scenario, file=file)


def _read_back(
    recording: Recording,
    acts: Iterable[Happened],
    observed: Sequence[Mapping[str, Data]],
    added: Mapping[str, Any],
    vocabulary: Vocabulary,
) -> tuple[Scenario, bytes]:
    days = [day_of(one.at).isoformat() for one in recording.happened]
    provenance = {
        "kind": "recorded",
        "source": SOURCE,
        "order": recording.order,
        **({"recorded": max(days)} if days else {}),
    }
    fields: dict[str, Data] = {
        "id": recording.id,
        "title": recording.title,
        **{key: added[key] for key in PEOPLES if key in added and key not in ("assume", "then")},
        "provenance": provenance,
        "given": recording.given,
        **{key: added[key] for key in ("assume",) if key in added},
        "when": [_item(act) for act in acts],
        **{key: added[key] for key in ("then",) if key in added},
        **({"observed": list(observed)} if observed else {}),
    }
    content = scenario_yaml(fields, (MADE, *recording.notes)).encode("utf-8", "surrogatepass")
    name = f"{recording.id}.yaml"
    if len(content) > LARGEST:
        message = f"the scenario has {len(content):,} bytes, more than {LARGEST:,} is not read"
        raise InputError("file-too-large", message, name, "record a shorter time of this account")
    return scenario_of(parse_document(content, name), vocabulary), content


def _item(act: Happened) -> dict[str, Data]:
    return {"at": iso(act.at), "webhook": act.type, "replaces": True, "object": act.payload}


def _added(file: Path, id: str) -> Mapping[str, Any]:
    """What people added to the scenario that stands there; nothing where there is none.

    Raises:
        InputError: what stands there is no recorded scenario of this id.
    """
    if not os.path.lexists(file):
        return {}
    try:
        data = read_document(file).data
    except InputError as error:
        raise _not_ours(file, f"cannot be read [{error.slug}]") from None
    if not isinstance(data, Mapping) or data.get("id") != id:
        raise _not_ours(file, "is another file")
    provenance = data.get("provenance")
    if not isinstance(provenance, Mapping) or provenance.get("kind") != "recorded":
        raise _not_ours(file, "was not recorded")
    return data


def _not_ours(file: Path, why: str) -> InputError:
    message = f"is there already and {why}: it is left as it is"
    return InputError("not-recorded", message, shown_path(file), "move it, or name another --out")


def _replace(file: Path, content: bytes) -> None:
    """Replace a file, in a folder that is made where there is none."""
    fix = "name another --out"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(file, error, fix=fix) from error
    replace_file(file, content, fix=fix)
