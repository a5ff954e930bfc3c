"""The commands of `mock-solusio reference`, each imported when it runs."""
