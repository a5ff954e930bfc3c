"""What a mock holds at its start: a fresh installation, or fixtures."""
