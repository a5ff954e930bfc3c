"""Profiles: what kind of hoster a fleet is of. Numbers are assumed, except where a source is named."""

from dataclasses import dataclass, field

from mock_solusio.fleet.randomness import exponential, lognormal
from mock_solusio.moment import DAY, HOUR, MINUTE, Micros

AZURE_SERVERS = 2_013_767
AZURE_CUSTOMERS = 5_958
AZURE_HOURS = 104_371_713
"""Azure VM trace of 2017 over 30 days: servers, subscriptions and server hours (AzurePublicDatasetV1)."""


@dataclass(frozen=True, slots=True)
class Life:
    """A part of all lifetimes: lognormal, by median and sigma."""

    share: float
    median: Micros
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often things happen, per server (or user) in 30 days of its life."""

    resize: float = 0.0
    stop: float = 0.0
    suspend: float = 0.0
    additional_ip: float = 0.0
    backup: float = 0.0
    user_suspend: float = 0.0
    user_leave: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of hoster."""

    name: str
    summary: str
    users: int
    """How many customers there are at scale 1, those who join later included."""
    servers_per_user: float
    """In 30 days: the standing ones at their beginning, and those that are created meanwhile."""
    standing: float
    """Share of them that stands at the beginning; what `mean_hours` leads to goes before."""
    mean_hours: float | None = None
    """Mean hours of a server within the whole time; None takes what comes of the rest."""
    standing_mean: Micros
    """Mean of what is left of the life of a standing server."""
    age_mean: Micros
    """Mean age of a standing server at the beginning."""
    lives: tuple[Life, ...]
    """Of the servers that are created meanwhile; shares add up to 1."""
    present: float
    """Share of the customers who are there at the beginning."""
    concentration: float
    """Sigma of the lognormal weight of customers: 0 gives all alike, 2 gives most to a few."""
    night: float
    """How much is created in the quietest hour, as a part of the busiest one."""
    weekend: float
    """How much is created on a Saturday or Sunday, as a part of a working day."""
    rates: Rates = Rates()
    plans: tuple[float, ...] = (0.45, 0.28, 0.17, 0.10)
    """Shares of the four plans of the vendor's page, step 2."""
    months: int | None = None
    """How many months it can have; None: as many as are wanted."""
    days: int | None = field(default=None)
    """How long it takes, where that is not whole months."""

    def lifetime(self, quantile: float) -> Micros:
        """Return a quantile of the lifetimes of created servers; the parts follow each other by share."""
        for life in self.lives:
            if quantile < life.share:
                return int(lognormal(quantile / life.share, life.median, life.sigma))
            quantile -= life.share
        last = self.lives[-1]
        return int(lognormal(1.0, last.median, last.sigma))

    def left(self, quantile: float) -> Micros:
        """Return a quantile of what is left of the life of a standing server."""
        return int(exponential(quantile, self.standing_mean))


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="startup",
            summary="a young hoster: few customers, most of whom join meanwhile; many short trials",
            users=25,
            servers_per_user=6,
            standing=0.08,
            standing_mean=200 * DAY,
            age_mean=20 * DAY,
            lives=(Life(0.45, 25 * MINUTE, 1.0), Life(0.35, 5 * HOUR, 1.2), Life(0.20, 18 * DAY, 1.3)),
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
            summary="an established hoster: a standing fleet of years, and customers who come and go",
            users=400,
            servers_per_user=9,
            standing=0.25,
            standing_mean=330 * DAY,
            age_mean=240 * DAY,
            lives=(Life(0.50, 20 * MINUTE, 1.1), Life(0.35, 4 * HOUR, 1.3), Life(0.15, 12 * DAY, 1.5)),
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
            # So long that the fleet is about as large at the end as it was at the beginning.
            standing_mean=200 * DAY,
            age_mean=60 * DAY,
            lives=(Life(0.62, 15 * MINUTE, 1.1), Life(0.30, 3 * HOUR, 1.3), Life(0.08, 36 * HOUR, 1.2)),
            present=1.0,
            concentration=1.8,
            night=0.45,
            weekend=0.7,
            # The trace tells of nothing that happens to a server between its creation and its end.
            rates=Rates(),
            months=1,
            days=30,
        ),
    )
}
