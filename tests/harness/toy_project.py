"""A project around the loan desk: configuration, policy and scenario files in a folder.

The loan desk (`loan_desk`) is a complete domain with two engines, as another team would bring it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from harness.scenario_file import Vocabulary

DESK = Path(__file__).parent / "loan_desk"
if str(DESK) not in sys.path:
    sys.path.append(str(DESK))

from desk_candidate.engine import ENGINE as CANDIDATE  # noqa: E402  # the path comes first
from desk_candidate.engine import FAULTY  # noqa: E402
from desk_control.engine import ENGINE as CONTROL  # noqa: E402
from desk_world.kit import INVARIANTS, KIT  # noqa: E402

__all__ = ["CANDIDATE", "CONTROL", "FAULTY", "INVARIANTS", "KIT", "project"]

VOCABULARY = Vocabulary(
    kit=KIT,
    quirks=frozenset(CONTROL.quirks),
    invariants=frozenset(invariant.id for invariant in INVARIANTS),
)

CONFIG = """
[tool.shadow]
control = "desk_control.engine:ENGINE"
candidate = "desk_candidate.engine:ENGINE"
world = "desk_world.kit:KIT"
invariants = "desk_world.kit:INVARIANTS"
scenarios = "scenarios"
gate = "scenarios/gate.yaml"
"""

POLICY = """
approvers: [ledger]
level: rehearsal
floors: {distinct_cells: 8, sound_agree: 3}
agreement_where_sound: 1
intended_change_max: 1/50
repairs_proven: 1
"""

ON_TIME = """\
id: on-time
title: A book comes back in time
provenance: {kind: curated, source: the desk's rules}
given:
  now: 2026-03-02T10:00:00Z
  loans: [{id: ln_1, due: 2026-03-09T10:00:00Z}]
when:
  - {at: +1d, act: desk.return, loan: ln_1}
then:
  customer: {asks: 0, blocked: false}
"""

LATE = """\
id: late
title: A book comes back late and the fine is paid
family: desk
ticket: desk-1
provenance: {kind: curated, source: the desk's rules}
faults: [Q01]
given:
  now: 2026-03-02T10:00:00Z
  loans:
    - {id: ln_1, due: 2026-03-01T10:00:00Z}
when:
  - {at: +2d, act: desk.return, loan: ln_1}
  - {at: +2d1h, act: api.pay_fine, pays: asked}
then:
  truth: {owes: 0}
  customer: {asks: 0, blocked: false, paid: 75}
"""

HELD = """\
id: held
title: The news of a return comes late
provenance: {kind: curated, source: the desk's rules}
given:
  now: 2026-03-02T10:00:00Z
  loans: [{id: ln_1, due: 2026-03-01T10:00:00Z}]
when:
  - {at: +1d, act: desk.return, loan: ln_1, hold: {loan.returned: +3d}}
  - {at: +2d, act: sweep}
  - {at: +3d, deliver: loan.returned, of: ln_1}
  - {at: +3d, webhook: loan.lost, object: {id: ln_9}}
  - together:
      - {at: +4d, act: api.pay_fine}
      - {at: +4d, act: sweep}
then:
  truth: {owes: 0}
  moot: []
  excused: {L1: the desk was closed}
  after:
    2: {customer: {asks: 0}}
"""


def project(folder: Path, **scenarios: str) -> Path:
    """Write a project with scenario files `name=text` and return its configuration file.

    The desk's packages are linked in, so that another process finds them beside the file.
    """
    below = folder / "scenarios"
    below.mkdir(exist_ok=True)
    (below / "gate.yaml").write_text(POLICY)
    for name, text in scenarios.items():
        (below / f"{name}.yaml").write_text(text)
    for package in ("desk_world", "desk_control", "desk_candidate"):
        link = folder / package
        if not link.exists():
            link.symlink_to(DESK / package)
    config = folder / "pyproject.toml"
    config.write_text(CONFIG)
    return config
