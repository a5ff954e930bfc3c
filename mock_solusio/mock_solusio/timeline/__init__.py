"""Plays timelines on the mock's clock."""
