"""What SolusIO knows and does: pure functions over a `World`; no input or output, no clock of its own."""
