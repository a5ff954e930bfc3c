"""What passes through the mock: the journal, and faults injected on purpose."""
