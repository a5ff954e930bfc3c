"""The client of SolusIO's API: usage, users, login links, and when to retry."""
