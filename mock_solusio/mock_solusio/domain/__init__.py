"""The rules of SolusIO: pure functions over a `World`, without input, output or a clock."""
