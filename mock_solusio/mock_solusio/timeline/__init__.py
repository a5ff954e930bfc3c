"""Timelines: events, and a player that plays them on the mock's clock."""
