"""Limit groups: how much their users may have (step 5 of the vendor's page)."""

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class UserLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of a user; it applies only while it is enabled."""

    limit: int = 0
    is_enabled: bool = False

    @property
    def bound(self) -> int | None:
        """The limit that applies; None: unlimited."""
        return self.limit if self.is_enabled else None


class LimitGroup(Record, frozen=True, kw_only=True):
    """Limits of users. Sizes are in bytes (assumed)."""

    name: str
    created_at: Micros
    updated_at: Micros
    vms: UserLimit = UserLimit()
    running_vms: UserLimit = UserLimit()
    additional_ips: UserLimit = UserLimit()
    additional_ipv6: UserLimit = UserLimit()
    iso_images: UserLimit = UserLimit()
    iso_images_size: UserLimit = UserLimit()


LIMIT_GROUPS = Kind("limit_groups", LimitGroup, index=("name",), search=("name",))
