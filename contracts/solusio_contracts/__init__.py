"""The contract between SolusIO and a custom billing system, and the harness that checks it."""

__all__: list[str] = []
