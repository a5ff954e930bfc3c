"""Profiles: kinds of hosting providers. Numbers are assumed, except where a source is named."""

from dataclasses import dataclass

from mock_solusio.fleet.randomness import exponential, lognormal
from mock_solusio.moment import DAY, HOUR, MINUTE, Micros

AZURE_SERVERS = 2_013_767
AZURE_CUSTOMERS = 5_958
AZURE_HOURS = 104_371_713
"""Azure VM trace of 2017 over 30 days: servers, subscriptions and server hours (AzurePublicDatasetV1)."""


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A share of all lifetimes, with a lognormal distribution."""

    share: float
    median: Micros
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often changes happen, per server (or user) and 30 days."""

    resize: float = 0.0
    stop: float = 0.0
    suspend: float = 0.0
    additional_ip: float = 0.0
    backup: float = 0.0
    user_suspend: float = 0.0
    user_leave: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of hosting provider."""

    name: str
    summary: str
    users: int
    """Customers at scale 1, those who join later included."""
    servers_per_user: float
    """In 30 days: the servers at the beginning, and those created meanwhile."""
    standing: float
    """Share of them that exists at the beginning, unless `mean_hours` decides."""
    mean_hours: float | None = None
    """Mean hours of a server within the whole time, if that is given."""
    standing_mean: Micros
    """Mean remaining life of a server that exists at the beginning."""
    age_mean: Micros
    """Mean age of such a server at the beginning."""
    lifetimes: tuple[Lognormal, ...]
    """Of the servers created meanwhile; shares add up to 1."""
    present: float
    """Share of the customers who joined before the beginning."""
    concentration: float
    """Sigma of the lognormal weight of customers: with 0 all order the same, with 2 a few order most."""
    night: float
    """Servers created in the quietest hour, relative to the busiest one."""
    weekend: float
    """Servers created on a Saturday or Sunday, relative to a working day."""
    rates: Rates = Rates()
    plans: tuple[float, ...] = (0.45, 0.28, 0.17, 0.10)
    """Shares of the four plans of the vendor's page, step 2."""
    months: int | None = None
    """The most months it covers; None: any number."""
    days: int | None = None
    """The days it covers, if not whole months."""

    def lifetime(self, quantile: float) -> Micros:
        """Return a quantile of the lifetimes of created servers."""
        for one in self.lifetimes:
            if quantile < one.share:
                return int(lognormal(quantile / one.share, one.median, one.sigma))
            quantile -= one.share
        last = self.lifetimes[-1]
        return int(lognormal(1.0, last.median, last.sigma))

    def left(self, quantile: float) -> Micros:
        """Return a quantile of the remaining life of a server that exists at the beginning."""
        return int(exponential(quantile, self.standing_mean))


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="startup",
            summary="a young provider: few customers, most of them new; many short trials",
            users=25,
            servers_per_user=6,
            standing=0.08,
            standing_mean=200 * DAY,
            age_mean=20 * DAY,
            lifetimes=(
                Lognormal(0.45, 25 * MINUTE, 1.0),
                Lognormal(0.35, 5 * HOUR, 1.2),
                Lognormal(0.20, 18 * DAY, 1.3),
            ),
            present=0.2,
            concentration=0.8,
            night=0.15,
            weekend=0.6,
            rates=Rates(
                resize=0.25,
                stop=0.2,
                suspend=0.03,
                additional_ip=0.1,
                backup=0.3,
                user_suspend=0.04,
                user_leave=0.05,
            ),
        ),
        Profile(
            name="hoster",
            summary="an established provider: servers that run for years, customers who come and go",
            users=400,
            servers_per_user=9,
            standing=0.25,
            standing_mean=330 * DAY,
            age_mean=240 * DAY,
            lifetimes=(
                Lognormal(0.50, 20 * MINUTE, 1.1),
                Lognormal(0.35, 4 * HOUR, 1.3),
                Lognormal(0.15, 12 * DAY, 1.5),
            ),
            present=0.9,
            concentration=1.2,
            night=0.25,
            weekend=0.55,
            rates=Rates(
                resize=0.08,
                stop=0.1,
                suspend=0.02,
                additional_ip=0.06,
                backup=0.15,
                user_suspend=0.03,
                user_leave=0.025,
            ),
        ),
        Profile(
            name="azure2017",
            summary="a public cloud, scaled by the Azure VM trace of 2017: 30 days, 51.8 hours per server",
            users=AZURE_CUSTOMERS,
            servers_per_user=AZURE_SERVERS / AZURE_CUSTOMERS,
            standing=0.0,
            mean_hours=AZURE_HOURS / AZURE_SERVERS,
            # With this mean, the fleet is about as large at the end as at the beginning.
            standing_mean=200 * DAY,
            age_mean=60 * DAY,
            lifetimes=(
                Lognormal(0.62, 15 * MINUTE, 1.1),
                Lognormal(0.30, 3 * HOUR, 1.3),
                Lognormal(0.08, 36 * HOUR, 1.2),
            ),
            present=1.0,
            concentration=1.8,
            night=0.45,
            weekend=0.7,
            # The trace has no changes between the creation of a server and its end.
            rates=Rates(),
            months=1,
            days=30,
        ),
    )
}
