"""Holds a billing system to invoices that were worked out by hand: what it billed against what is right."""
