"""A small billing system for SolusIO, written to be read.

It answers GetTokenPricing (``pricing``, ``form``, ``app``), turns usage into invoices (``invoicing``,
``billing_run``, ``storage``) and keeps SolusIO's users in sync with its customers (``solusio``,
``accounts``). Start with ``pricing``; reference/README.md suggests an order for the rest. Nothing is
imported here, so that the command line starts fast.
"""

__all__ = [
    "accounts",
    "app",
    "billing_run",
    "cli",
    "commands",
    "customers_document",
    "demo_customers",
    "display",
    "errors",
    "form",
    "invoices_document",
    "invoicing",
    "money",
    "period",
    "pricing",
    "serving",
    "solusio",
    "storage",
    "web",
]
