"""Tells a billing system what happens to customers, and judges what it does to users (steps 8 and 9)."""
