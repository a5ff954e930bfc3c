"""The SolusIO users of the customers, kept in step (vendor page, step 8)."""
