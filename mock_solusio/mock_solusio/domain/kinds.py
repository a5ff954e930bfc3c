"""All kinds of records: the tables that a store has."""

from typing import Any

from mock_solusio.domain.access_tokens import ACCESS_TOKENS
from mock_solusio.domain.activity import ACTIVITY_LOGS
from mock_solusio.domain.applications import APPLICATIONS
from mock_solusio.domain.backup_nodes import BACKUP_NODES
from mock_solusio.domain.backups import BACKUPS
from mock_solusio.domain.compute_resources import COMPUTE_RESOURCES, STORAGES
from mock_solusio.domain.icons import ICONS
from mock_solusio.domain.ip_blocks import IP_BLOCKS, IPS
from mock_solusio.domain.iso_images import ISO_IMAGES
from mock_solusio.domain.languages import LANGUAGES
from mock_solusio.domain.license import LICENSES
from mock_solusio.domain.lifecycle import FORMER_USERS
from mock_solusio.domain.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.locations import LOCATIONS
from mock_solusio.domain.migrations import MIGRATIONS
from mock_solusio.domain.os_images import OS_IMAGE_VERSIONS, OS_IMAGES
from mock_solusio.domain.plans import PLANS
from mock_solusio.domain.played import PLAYBACKS, PLAYED_NAMES
from mock_solusio.domain.projects import MEMBERSHIPS, PROJECTS
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.roles import ROLES
from mock_solusio.domain.servers import SERVERS
from mock_solusio.domain.sessions import SESSIONS
from mock_solusio.domain.settings import SETTINGS
from mock_solusio.domain.snapshots import SNAPSHOTS
from mock_solusio.domain.ssh_keys import SSH_KEYS
from mock_solusio.domain.tasks import AGENDA, TASKS
from mock_solusio.domain.vpc_networks import VPC_IPS, VPC_NETWORKS
from mock_solusio.domain.world import Kind

KINDS: tuple[Kind[Any], ...] = (
    *(LANGUAGES, LICENSES, SETTINGS, ROLES, LIMIT_GROUPS, USERS, ACCESS_TOKENS, SESSIONS, ACTIVITY_LOGS),
    *(ICONS, LOCATIONS, COMPUTE_RESOURCES, STORAGES, IP_BLOCKS, IPS, OS_IMAGES, OS_IMAGE_VERSIONS),
    *(APPLICATIONS, ISO_IMAGES, PLANS, PROJECTS, MEMBERSHIPS, SSH_KEYS),
    *(SERVERS, TASKS, AGENDA, BACKUPS, SNAPSHOTS, BACKUP_NODES, MIGRATIONS, FORMER_USERS),
    *(VPC_NETWORKS, VPC_IPS),
    *(PLAYED_NAMES, PLAYBACKS),
)
"""Every kind of record. A kind that is missing here has no table."""
