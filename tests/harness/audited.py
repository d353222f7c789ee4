"""A small control for the surface audit, and what an audit of its sources finds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from harness.audit.acknowledged import Acknowledgement
from harness.audit.audit import Audit
from harness.audit.auditing import examined
from harness.audit.code import Text
from harness.audit.declared import Declaration
from harness.audit.described import Call, Description
from harness.audit.items import Item
from harness.audit.tree import Tree

TODAY = date(2026, 11, 22)

CALLS = (
    Call(name="rows.get", reads=("rows",)),
    Call(name="rows.update", writes=("rows",)),
    Call(name="till.get", reads=("till",)),
    Call(name="till.update", writes=("till",)),
    Call(name="bank.invoices.pay", writes=("invoices",), follows=("balance",), outside=True),
    Call(name="bank.invoices.list", reads=("invoices",)),
    Call(name="mail.send", outside=True),
)

PAY = """
from shop.ledger import note

def pay(ports, trigger):
    if ports.rows.get().owes:
        ports.bank.invoices.pay(trigger.args["invoice"])
        note(ports)
"""
LEDGER = """
def note(ports):
    ports.till.update(paid=True)
"""
REGISTRY = """
from shop.pay import pay

PATHS = {"api.pay": (pay, "api.pay")}
"""
SHOP = {"shop.pay": PAY, "shop.ledger": LEDGER, "shop.registry": REGISTRY}
PATHS = {"api.pay": ("shop.pay:pay",)}
DECLARED = {"api.pay": Declaration(reads=("rows",), writes=("invoices", "till"))}
TRIGGERS = {"api.pay": True, "cron.close": False}


def audited(
    changed: Mapping[str, str] | None = None,
    *,
    shop: Mapping[str, str] = SHOP,
    paths: Mapping[str, tuple[str, ...]] = PATHS,
    declared: Mapping[str, Declaration] = DECLARED,
    description: Description | None = None,
    signed: tuple[Acknowledgement, ...] = (),
) -> Audit:
    """Audit the shop with some of its modules replaced, or added; `+` adds to one."""
    texts = dict(shop)
    for name, text in (changed or {}).items():
        module = name.removesuffix("+")
        texts[module] = (texts[module] + "\n" if name.endswith("+") else "") + text
    tree = Tree(
        texts=[
            Text(name=name, file=f"{name.replace('.', '/')}.py", text=text)
            for name, text in texts.items()
        ]
    )
    return examined(
        "shop",
        tree,
        description or Description(calls=CALLS, triggers=TRIGGERS),
        handlers=paths,
        declared=declared,
        signed=signed,
        today=TODAY,
    )


def opened(audit: Audit) -> set[tuple[str, str, str]]:
    """Kind, place and words of everything that needs a person."""
    return {(item.kind, item.where, item.what) for item in audit.open}


def kinds(audit: Audit) -> set[str]:
    return {item.kind for item in audit.open}


def one(audit: Audit, kind: str) -> Item:
    """The only item of a kind, settled or not."""
    (found,) = [item for item in audit.items if item.kind == kind]
    return found


def owners(audit: Audit) -> dict[str, tuple[str, ...]]:
    """Writer → the paths that own it."""
    return {writer.id: writer.owners for writer in audit.writers}


def mismatched(audit: Audit) -> set[tuple[str, str, str]]:
    return {(found.kind, found.path, found.store) for found in audit.mismatches}
