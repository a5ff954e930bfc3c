"""A mock SolusIO, and the command line that holds the three packages together."""

__all__: list[str] = []
