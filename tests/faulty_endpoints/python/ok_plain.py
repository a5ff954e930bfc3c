"""Correct: the base as it is."""

from _base import serve

serve()
