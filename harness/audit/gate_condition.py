"""What the gate makes of the audit of its own control, where the policy asks for one."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Final

from harness.audit.audit import Audit, surface_reasons
from harness.audit.auditing import audit_control
from harness.compose import Composition
from harness.condition import CONDITIONS, Condition
from harness.figures import Share
from harness.reason import Reason

KEY: Final = "surface"


def condition(composition: Composition, today: date) -> Condition:
    """Audit the control; nothing is audited where nobody asks.

    Raises:
        InputError: the acknowledgements cannot be read.
    """
    if not composition.policy.asks(KEY):
        return Condition(key=KEY, what=CONDITIONS[KEY], asked=False)
    needed = composition.policy.sections.get(KEY, {}).get("owned", Fraction(1))
    if composition.recording is None and not getattr(composition.control, "sources", None):
        return weigh(Audit(tree=composition.control_package), needed)  # no code to look at
    return weigh(audit_control(composition, today=today), needed)


def weigh(audit: Audit, needed: Fraction) -> Condition:
    """What an audit closes; `needed` is the share of writers that some path owns."""
    owned = Share(sum(bool(one.owners) for one in audit.writers), len(audit.writers))
    short = () if owned.at_least(needed) else (_short(owned, needed),)
    return Condition(
        key=KEY,
        what=CONDITIONS[KEY],
        asked=True,
        evidence=(
            f"{owned} writers owned by a path, {len(audit.acknowledged)} signed for, "
            f"{audit.findings} open"
        ),
        whole=(*short, *surface_reasons(audit)),
        detail={
            "owned": str(owned),
            "signed_for": len(audit.acknowledged),
            "open": audit.findings,
        },
    )


def _short(owned: Share, needed: Fraction) -> Reason:
    return Reason(
        slug="surface-unowned",
        found=f"{owned} writers are owned by a path",
        needed=f"{owned} >= {needed}",
    )
