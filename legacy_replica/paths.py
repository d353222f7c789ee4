"""The legacy paths: what each answers to, where it came from, and the stores it touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from legacy_replica.ban_flagged import ban_flagged
from legacy_replica.billing_state import billing_state
from legacy_replica.charge_refunded import charge_refunded
from legacy_replica.clear_bad_debt import clear_bad_debt
from legacy_replica.consolidate_bad_debt import consolidate_bad_debt
from legacy_replica.dispute_closed import dispute_closed
from legacy_replica.dispute_created import dispute_created
from legacy_replica.flag_overdue import flag_overdue
from legacy_replica.invoice_marked_uncollectible import invoice_marked_uncollectible
from legacy_replica.invoice_payment_failed import invoice_payment_failed
from legacy_replica.invoice_payment_succeeded import invoice_payment_succeeded
from legacy_replica.invoice_voided import invoice_voided
from legacy_replica.lift_ban import lift_ban
from legacy_replica.pay_bad_debt import pay_bad_debt
from legacy_replica.pay_invoice import pay_invoice
from legacy_replica.ports import Ports, Trigger
from legacy_replica.retry_open_invoices import retry_open_invoices
from legacy_replica.subscription_deleted import subscription_deleted
from legacy_replica.subscription_updated import subscription_updated
from legacy_replica.sync_metadata import sync_metadata

Call = Callable[[Ports, Trigger], dict[str, Any] | None]

_WEBHOOKS = "billing-webhooks"
_API = "subscriptions-api"
_JOBS = "billing-jobs"
_SUPPORT = "support-tools"

# path → call, trigger, origin, stores read, stores written
PATHS: Mapping[str, tuple[Call, str, str, str, str]] = MappingProxyType(
    {
        "webhook.invoice_marked_uncollectible": (
            invoice_marked_uncollectible,
            "invoice.marked_uncollectible",
            _WEBHOOKS,
            "accounts invoices stripe_metadata customer entitlements",
            "stripe_metadata billing_db customer entitlements enforcement",
        ),
        "webhook.invoice_payment_succeeded": (
            invoice_payment_succeeded,
            # QUIRK Q16: `invoice.paid`, which payments out of band send too, is not listened to
            "invoice.payment_succeeded",
            _WEBHOOKS,
            "accounts stripe_metadata subscriptions entitlements",
            "billing_db customer stripe_metadata enforcement entitlements",
        ),
        "webhook.invoice_voided": (
            invoice_voided,
            "invoice.voided",
            _WEBHOOKS,
            "accounts invoices",
            "customer",
        ),
        "webhook.invoice_payment_failed": (
            invoice_payment_failed,
            "invoice.payment_failed",
            _WEBHOOKS,
            "accounts billing_db customer",
            "billing_db customer",
        ),
        "webhook.subscription_updated": (
            subscription_updated,
            "customer.subscription.updated",
            _WEBHOOKS,
            "accounts entitlements",
            "entitlements",
        ),
        "webhook.subscription_deleted": (
            subscription_deleted,
            "customer.subscription.deleted",
            _WEBHOOKS,
            "accounts entitlements customer invoices",
            "entitlements invoices",
        ),
        "webhook.charge_refunded": (
            charge_refunded,
            "charge.refunded",
            _WEBHOOKS,
            "accounts invoices entitlements stripe_metadata",
            "entitlements stripe_metadata",
        ),
        "webhook.dispute_created": (
            dispute_created,
            "charge.dispute.created",
            _WEBHOOKS,
            "accounts charges invoices entitlements",
            "entitlements",
        ),
        "webhook.dispute_closed": (
            dispute_closed,
            "charge.dispute.closed",
            _WEBHOOKS,
            "accounts stripe_metadata",
            "billing_db stripe_metadata",
        ),
        "api.pay_bad_debt": (
            pay_bad_debt,
            "api.pay_bad_debt",
            _API,
            "accounts billing_db stripe_metadata invoices",
            "invoices stripe_metadata",
        ),
        "api.billing_state": (
            billing_state,
            "api.billing_state",
            _API,
            "accounts billing_db stripe_metadata invoices",
            "",
        ),
        "cron.flag_overdue": (
            flag_overdue,
            "cron.flag_overdue",
            _JOBS,
            "accounts invoices customer",
            "billing_db customer",
        ),
        "cron.ban_flagged": (
            ban_flagged,
            "cron.ban_flagged",
            _JOBS,
            "accounts billing_db customer enforcement",
            "enforcement",
        ),
        "cron.consolidate_bad_debt": (
            consolidate_bad_debt,
            "cron.consolidate_bad_debt",
            _JOBS,
            "accounts billing_db invoices stripe_metadata",
            "invoices stripe_metadata billing_db",
        ),
        "cron.sync_metadata": (
            sync_metadata,
            "cron.sync_metadata",
            _JOBS,
            "accounts billing_db",
            "stripe_metadata",
        ),
        "cron.retry_open_invoices": (
            retry_open_invoices,
            "cron.retry_open_invoices",
            _JOBS,
            "accounts invoices",
            "invoices",
        ),
        "api.pay_invoice": (
            pay_invoice,
            "api.pay_invoice",
            _API,
            "accounts invoices stripe_metadata",
            "invoices",
        ),
        "support.clear_bad_debt": (
            clear_bad_debt,
            "support.clear_bad_debt",
            _SUPPORT,
            "accounts",
            "billing_db stripe_metadata",
        ),
        "support.lift_ban": (
            lift_ban,
            "support.lift_ban",
            _SUPPORT,
            "accounts",
            "enforcement",
        ),
    }
)
