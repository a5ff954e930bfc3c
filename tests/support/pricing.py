"""Prices as a billing endpoint answers them."""

import json
from pathlib import Path
from typing import Any

VENDOR_EXAMPLE = Path(__file__).with_name("vendor-example.json").read_bytes().rstrip()
"""The answer on the vendor's page (step 6), to the letter."""


def vendor_example() -> dict[str, Any]:
    """Return the vendor's answer, to be changed at will."""
    return json.loads(VENDOR_EXAMPLE)
