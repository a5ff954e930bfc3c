"""State in SQLite: records, usage spans, and their sums."""
