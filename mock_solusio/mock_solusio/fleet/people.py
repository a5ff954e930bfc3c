"""Names, companies and addresses for the customers of a fleet, from Faker, by country and currency.

The same seed gives the same people with the same version of Faker; another version may give other names.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from mock_solusio.fleet.customers import Customer
from mock_solusio.fleet.model import Fleet
from mock_solusio.fleet.randomness import draw, pick

if TYPE_CHECKING:
    from faker import Faker


class Market(NamedTuple):
    """A country where customers live, and the currency they pay in."""

    locale: str
    country: str
    currency: str
    share: float


MARKETS: Final = (
    Market("en_US", "US", "USD", 0.36),
    Market("de_DE", "DE", "EUR", 0.20),
    Market("fr_FR", "FR", "EUR", 0.12),
    Market("en_GB", "GB", "GBP", 0.12),
    Market("ja_JP", "JP", "JPY", 0.08),
    Market("de_CH", "CH", "CHF", 0.05),
    Market("fr_CH", "CH", "CHF", 0.03),
    Market("ar_AA", "KW", "KWD", 0.04),
)
"""Currencies with two decimals, none (JPY) and three (KWD)."""

_PROVIDERS = [f"faker.providers.{name}" for name in ("address", "company", "person")]
"""The providers of Faker that are needed; to load all of them takes three times as long."""

_SHARES = tuple(market.share for market in MARKETS)
_SPECIAL = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe"})


class Person(NamedTuple):
    """A customer as a billing system knows them."""

    customer: Customer
    name: str
    company: str
    email: str
    address: str
    city: str
    market: Market


def faker_version() -> str:
    """Return the version of Faker."""
    from faker import VERSION

    return str(VERSION)


def people(fleet: Fleet) -> Iterator[Person]:
    """Yield all customers, in order. Email addresses are unique and end in `.example`."""
    from faker import Faker

    following = draw(fleet.seed, "markets")
    fakers: dict[str, Faker] = {}
    for customer in fleet.customers:
        market = MARKETS[pick(following(), _SHARES)]
        fake = fakers.get(market.locale)
        if fake is None:
            fake = fakers[market.locale] = Faker(market.locale, providers=_PROVIDERS)
            # A number: how Python seeds with a text depends on its version.
            fake.seed_instance(int(draw(fleet.seed, f"people {market.locale}")() * 2**53))
        name, company = _names(fake, market)
        street = " ".join(fake.street_address().split())
        yield Person(
            customer=customer,
            name=name,
            company=company,
            email=_email(name, company, customer.number),
            address=street,
            city=f"{fake.postcode()} {fake.city()}",
            market=market,
        )


def _names(fake: "Faker", market: Market) -> tuple[str, str]:
    """Return a person without titles, and their company, in Latin letters wherever Faker has them."""
    if market.locale == "ja_JP":
        family = fake.last_romanized_name()
        return f"{fake.first_romanized_name()} {family}", f"{family} K.K."
    name = f"{fake.first_name()} {fake.last_name()}"
    if market.country == "KW":  # Faker has names of companies in other countries only
        return name, f"{fake.last_name()} للتجارة"
    return name, str(fake.company())


def _email(name: str, company: str, number: int) -> str:
    # The number makes addresses unique: people share names, and so do companies.
    person = _slug(name, ".") or "info"
    host = _slug(company, "-") or "company"
    return f"{person[:40]}@{host[:40].strip('-')}-{number}.example"


def _slug(text: str, between: str) -> str:
    """Return the ASCII letters and digits of a text; other alphabets are dropped."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_SPECIAL)).encode("ascii", "ignore").decode()
    return between.join(re.findall("[a-z0-9]+", plain))
