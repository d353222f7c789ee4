"""A replica of the legacy dunning code paths, faults included.

Replica of what: of the handlers in `billing-webhooks`, `subscriptions-api`, `billing-jobs` and
`support-tools` that read or write a customer's dunning state, as the company's own documents
describe them. It is the control that the candidate is compared with and what is to be deleted.
DO NOT IMPROVE IT: every fault is kept on purpose, numbered in `QUIRKS.md`, and pointed to from its
line. A replica that behaves better than the original proves nothing about the original.
"""
