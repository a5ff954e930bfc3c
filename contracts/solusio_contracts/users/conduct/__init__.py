"""Judges how a program uses SolusIO's API, one request at a time (clauses CL-).

To add a rule, write its clause in `clauses.toml` and its function or class in the module of its subject, and
plant the mistake in `tests/contracts/users/conduct/`.
"""

from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.judge import Conduct
from solusio_contracts.users.conduct.rule import Violation

__all__ = ["ClientExchange", "Conduct", "Violation"]
