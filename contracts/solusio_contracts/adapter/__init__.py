"""Adapters of a billing system: how its commands and URLs are run, and the customers that they are given."""
