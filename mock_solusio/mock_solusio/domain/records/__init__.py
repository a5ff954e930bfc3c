"""The records that the mock holds, and their tables."""
