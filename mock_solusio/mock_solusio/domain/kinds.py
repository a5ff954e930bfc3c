"""All kinds of records, that is, all tables of a store."""

from typing import Any

from mock_solusio.domain.records.compute_resources import BACKUP_NODES, COMPUTE_RESOURCES, LOCATIONS, STORAGES
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, SESSIONS, SSH_KEYS
from mock_solusio.domain.records.event_handlers import DELIVERIES, EVENT_HANDLERS
from mock_solusio.domain.records.images import APPLICATIONS, ICONS, ISO_IMAGES, OS_IMAGE_VERSIONS, OS_IMAGES
from mock_solusio.domain.records.installation import ACTIVITY_LOGS, LANGUAGES, LICENSES, SETTINGS
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, VPC_IPS, VPC_NETWORKS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.playback import PLAYBACKS, PLAYED_NAMES
from mock_solusio.domain.records.projects import MEMBERSHIPS, PROJECTS
from mock_solusio.domain.records.roles import ROLES
from mock_solusio.domain.records.servers import BACKUPS, SERVERS, SNAPSHOTS
from mock_solusio.domain.records.tasks import MIGRATIONS, TASKS
from mock_solusio.domain.records.user import FORMER_USERS, USERS
from mock_solusio.domain.world import Kind

KINDS: tuple[Kind[Any], ...] = (
    *(LANGUAGES, LICENSES, SETTINGS, ROLES, LIMIT_GROUPS, USERS, ACCESS_TOKENS, SESSIONS, ACTIVITY_LOGS),
    *(ICONS, LOCATIONS, COMPUTE_RESOURCES, STORAGES, IP_BLOCKS, IPS, OS_IMAGES, OS_IMAGE_VERSIONS),
    *(APPLICATIONS, ISO_IMAGES, PLANS, PROJECTS, MEMBERSHIPS, SSH_KEYS),
    *(SERVERS, TASKS, BACKUPS, SNAPSHOTS, BACKUP_NODES, MIGRATIONS, FORMER_USERS),
    *(VPC_NETWORKS, VPC_IPS),
    *(EVENT_HANDLERS, DELIVERIES),
    *(PLAYED_NAMES, PLAYBACKS),
)
"""Every kind of record; without an entry here a kind has no table."""
