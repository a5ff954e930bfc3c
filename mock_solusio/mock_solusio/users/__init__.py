"""Plays scenarios of customers with a billing system, and judges what it does in SolusIO (steps 8 and 9)."""
