"""The faults that each legacy path is known for, as `QUIRKS.md` numbers and names them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# path → number and title of each fault, as QUIRKS.md has them
QUIRKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "webhook.invoice_marked_uncollectible": {
            "Q01": "An amount with a thousands separator stops the handler",
            "Q02": "The same event delivered twice adds the debt twice",
            "Q03": "The written-off invoice keeps its face amount",
            "Q04": "Credit notes, refunds, discounts and taxes are not looked at",
            "Q05": "Days run on past the end of the period",
            "Q06": "A debt of 0 flags and blocks",
            "Q07": "Every paid product is suspended, whichever invoice is unpaid",
            "Q08": "Every segment is flagged and blocked alike, at once",
            "Q31": "A further write-off dates the block anew",
        },
        "webhook.invoice_payment_succeeded": {
            "Q09": "Paying a consolidated invoice lifts holds of every reason",
            "Q10": "Paying a consolidated invoice leaves products suspended",
            "Q11": "A payment at face is taken from a debt that is not at face",
            "Q12": "Paying an invoice leaves the flag, since and the block",
            "Q13": "A payment of 0 forgets the failed attempts",
            "Q14": "An active subscription gives its products back, whatever is owed",
            "Q15": "The next payment wipes an amount that cannot be read",
            "Q16": "A payment out of band is never seen",
        },
        "webhook.invoice_voided": {
            "Q17": "Uncollectible invoices do not count as unpaid",
            "Q18": "Voiding the last invoice forgets since and nothing else",
        },
        "api.pay_bad_debt": {
            "Q19": "Paying through Pay Now leaves the flag, since and the block",
            "Q20": "Pay Now pays the oldest open invoice, never the one in bad debt",
            "Q21": "Pay Now needs a payment method on file",
            "Q22": "The secret to confirm a payment is dropped",
            "Q23": "A payment that is still processing counts as paid",
            "Q24": "Pay Now finds no debt in an amount that cannot be read",
            "Q25": "A consolidated invoice that is void or paid is still paid",
            "Q26": "Paying one invoice deletes the debt of all",
        },
        "api.billing_state": {
            "Q27": "The page never offers an uncollectible invoice",
            "Q28": "The page hides Pay Now for an amount that cannot be read",
            "Q29": "The amount shown is not what the invoice charges",
            "Q30": "Pay Now is shown or hidden by stale flags",
        },
        "webhook.invoice_payment_failed": {
            "Q32": "Failed attempts are counted for the account, not for the invoice",
            "Q33": "A payment that waits for a confirmation counts as failed",
            "Q34": "Every further failure starts the count of days anew",
            "Q35": "An invoice that is sent flags at its first failure",
            "Q36": "A late failure flags whoever has paid since",
            "Q37": "Attempts decide, not what is owed nor since when it is due",
            "Q38": "A failed payment writes the flag and since, and nothing else",
            "Q39": "A failure delivered twice counts twice",
            "Q40": "An outdated copy of the segment decides who may be flagged",
        },
        "webhook.subscription_updated": {
            "Q41": "An active subscription takes its products back, whatever is owed",
            "Q42": "An old event overrules what the subscription is by now",
            "Q43": "An unpaid subscription loses its products and no other store says why",
            "Q44": "A contract's products are suspended like everyone's",
            "Q45": "A subscription that stays past due, or is paused, keeps its products for ever",
        },
        "webhook.subscription_deleted": {
            "Q46": "Invoices of other subscriptions are given up too",
            "Q47": "Voiding forgets what was used",
            "Q48": "A business invoice is marked at once, due or not",
            "Q49": "An invoice that Stripe does not let go is left as it is",
            "Q50": "An outdated copy of the segment decides what becomes of the invoices",
        },
        "webhook.charge_refunded": {
            "Q51": "A refund is not seen where the charge does not name its invoice",
            "Q52": "Any whole refund ends the product",
            "Q53": "A refund deletes the mark of a debt that is still owed",
            "Q54": "A refund leaves the flag, since and the block",
        },
        "webhook.dispute_created": {
            "Q55": "A dispute suspends products before it is decided",
            "Q56": "An inquiry suspends products as a dispute does",
        },
        "webhook.dispute_closed": {
            "Q57": "A closed dispute leaves products suspended, won or lost",
            "Q58": "A lost dispute flags, in half of the stores, where nothing can be paid",
        },
        "cron.flag_overdue": {
            "Q59": "Days count from the day of issue, the due date is ignored",
            "Q60": "Every segment is flagged on the fourteenth day alike",
            "Q61": "What a late invoice asks is taken for the debt",
            "Q62": "A flag whose debt is gone is never taken off",
            "Q63": "Amounts of different currencies are added up",
        },
        "cron.ban_flagged": {
            "Q64": "A flag without since is never banned",
            "Q65": "A ban falls though nothing is owed",
            "Q66": "A ban replaces a block of any reason",
            "Q67": "A ban falls a second late",
            "Q68": "Only a copy that says enterprise spares from a ban after 30 days",
        },
        "cron.consolidate_bad_debt": {
            "Q69": "The originals are asked for beside the consolidated invoice",
            "Q70": "The consolidated invoice asks for what the metadata says",
            "Q71": "Without an amount, void, paid and draft invoices are added up too",
            "Q72": "A consolidated invoice that is void prevents another for ever",
        },
        "cron.sync_metadata": {
            "Q73": "A stale flag brings back a debt that is paid",
            "Q74": "A missing flag takes the mark off a debt that is owed",
            "Q75": "An amount that only the metadata has is deleted",
        },
        "cron.retry_open_invoices": {
            "Q76": "An open invoice of 60 days is voided, whatever was used",
            "Q77": "What is not due is charged",
            "Q78": "Voiding goes by a list from before the payments",
            "Q79": "A declined card is tried every night without end",
        },
        "api.pay_invoice": {
            "Q80": "Paying an invoice needs a payment method on file",
            "Q81": "An invoice is paid at its face, not at what is owed",
            "Q82": "An original is paid beside its consolidated invoice",
            "Q83": "Paying an invoice lifts nothing",
            "Q84": "The secret to confirm an invoice's payment is dropped",
            "Q85": "A void consolidated invoice is refused, its originals are not looked for",
        },
        "support.clear_bad_debt": {
            "Q86": "Clearing a debt leaves since, the holds and the suspension",
            "Q87": "The invoices of a cleared debt still ask for it",
        },
        "support.lift_ban": {
            "Q88": "Lifting a ban lifts holds of every reason",
            "Q89": "A lifted ban falls again the next night",
        },
    }
)

# number → name of the exception that the fault lets escape
CRASHES: Mapping[str, str] = MappingProxyType({"Q01": "ValueError"})
