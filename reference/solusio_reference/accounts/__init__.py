"""The customers' SolusIO users, kept in sync (vendor page, step 8)."""
