"""Input: what the endpoint must refuse, what it must ignore, what it must read."""

from solusio_contracts.rules.input import form, userid

__all__ = ["form", "userid"]
