"""A price list from a few lines of TOML, and the command that reads it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mock_solusio.price_list.model import Diagnostic, PriceList, check
from mock_solusio.price_list.reading import read
from support.commands import invoke

USD = '[[currencies]]\ncode = "USD"\ntoken_unit_cost = 0.001\n'


@pytest.fixture
def listed() -> Callable[..., PriceList]:
    """Read a list that must be readable: plans as (name, per hour, per month), in dollars or as said."""

    def read_list(*plans: tuple[str, int, int], currencies: str = USD) -> PriceList:
        prices, findings = read(
            (
                currencies
                + "".join(
                    f'[[plans]]\nname = "{name}"\ntokens_per_hour = {hour}\ntokens_per_month = {month}\n'
                    for name, hour, month in plans
                )
            ).encode()
        )
        assert prices is not None, findings
        return prices

    return read_list


@pytest.fixture
def found() -> Callable[[str], list[Diagnostic]]:
    """Read a list and return all that is to be said of it."""

    def find(text: str) -> list[Diagnostic]:
        prices, findings = read(text.encode())
        return findings + (check(prices) if prices is not None else [])

    return find


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `mock-solusio pricing` in a folder of its own, with this price list as `prices.toml`."""

    def run_it(*arguments: str, prices: str | bytes | None = None, stdin: str | None = None) -> Result:
        monkeypatch.chdir(tmp_path)
        if prices is not None:
            data = prices if isinstance(prices, bytes) else prices.encode()
            (tmp_path / "prices.toml").write_bytes(data)
        named = ["prices.toml"] if prices is not None else []
        return invoke("pricing", *named, *arguments, input=stdin)

    return run_it
