"""The license of the installation. It always exists, and any activation code renews it (assumed)."""

from msgspec.structs import replace

from mock_solusio.domain.records.installation import LICENSES, License
from mock_solusio.domain.world import World
from mock_solusio.moment import DAY, Micros

YEAR: Micros = 365 * DAY


def seed(world: World) -> None:
    """Create the license of a fresh installation, valid for a year."""
    world[LICENSES].add(
        License(
            cpu_cores=64,
            cpu_cores_in_use=16,
            key=f"MOCK.{world.random('license', 0).randrange(10**8):08}",
            key_type="production",
            product="SolusIO",
            expiration_date=world.now + YEAR,
            update_date=world.now,
        )
    )


def read(world: World) -> License:
    """Return the license."""
    return world[LICENSES].get_or_404(1)


def activate(world: World) -> License:
    """Renew the license for a year from now."""
    return world[LICENSES].update(
        replace(read(world), expiration_date=world.now + YEAR, update_date=world.now)
    )
