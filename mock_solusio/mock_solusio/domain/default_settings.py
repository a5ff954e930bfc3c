"""The settings of a fresh installation, in the shape of a real one (observed)."""

from typing import Any

LOCALE_MAPS = frozenset({"override_templates", "subject_templates", "body_templates"})
"""Members that are maps by locale, so that a request may add any locale."""


def _notification(subject: str, body: str) -> dict[str, Any]:
    return {
        "enabled": True,
        "override_templates": {},
        "subject_templates": {"en_US": subject},
        "body_templates": {"en_US": f"<p>{body}</p>"},
    }


DEFAULT_SETTINGS: dict[str, Any] = {
    "uuid": "",
    "hostname": "solus.example.com",
    "force_autoupdate": True,
    "limit_group": None,
    "update_channels": ["stable", "mainline", "testing"],
    "update_schedule": {"scheduled_days": [1, 2, 3, 4, 5, 6, 7], "scheduled_time": "06:00"},
    "token_api": {"url": "", "is_enabled": True},
    "non_existent_vms_remover": {"enabled": False, "interval": 1},
    "network_rules": {
        "arp": False,
        "dhcp": True,
        "cloud_init": True,
        "smtp": True,
        "icmp": False,
        "icmp_reply": False,
        "portmapper": True,
    },
    "mail": {
        "host": "",
        "port": "25",
        "username": "",
        "password": "",
        "encryption": False,
        "from_email": "",
        "from_name": "",
        "test_mail": "",
    },
    "registration": {"role": "CLIENT"},
    "send_statistic": False,
    "compute_resource": {
        "rescue_iso_url": "https://images.example.com/rescue-latest.iso",
        "balance_strategy": "round-robin",
    },
    "dns": {
        "type": None,
        "ttl": 60,
        "server_hostname_template": "{{random-prefix}}.example.com",
        "reverse_dns_domain_template": "{{ip}}.example.com",
        "register_fqdn_on_server_create": False,
        "drivers": {"powerdns": {"host": "", "api_key": "", "port": "443", "https": True}},
    },
    "features": {
        "hide_plan_name": False,
        "hide_user_data": False,
        "hide_plan_section": False,
        "hide_location_section": False,
        "allow_registration": True,
        "allow_password_recovery": True,
        "hide_api_documentation_link": False,
    },
    "billing_integration": {
        "type": None,
        "drivers": {"whmcs": {"url": "", "token": ""}, "custom": {"url": "", "token": ""}},
    },
    "update": {"method": "auto", "channel": "stable"},
    "latest-version": "1.1.20873",
    "latest_version": "1.1.20873",
    "theme": {
        "brand_name": "SolusIO",
        "primary_color": "#28AADE",
        "secondary_color": "#FFFFFF",
        "logo": None,
        "favicon": None,
        "terms_and_conditions_url": None,
    },
    "notifications": {
        "server_create": _notification("Server {{ name }} Created", "There is a new server: {{ name }}."),
        "server_reset_password": _notification(
            "Server Password Reset", "The new password of the server {{ name }} is {{ password }}."
        ),
        "user_reset_password": _notification(
            "Password Reset Request", "Follow this link to choose a new password: {{ link }}."
        ),
        "user_verify_email": _notification(
            "Email Address Verification", "Follow this link to verify your address: {{ link }}."
        ),
        "project_user_invite": _notification(
            "Project Invitation", "You are invited to the project {{ project }}."
        ),
        "project_user_left": _notification(
            "User Left Project", "{{ email }} has left the project {{ project }}."
        ),
        "server_incoming_traffic_exceeded": _notification(
            "Incoming Traffic Limit Exceeded", "The server {{ name }} has received more than its plan allows."
        ),
        "server_outgoing_traffic_exceeded": _notification(
            "Outgoing Traffic Limit Exceeded", "The server {{ name }} has sent more than its plan allows."
        ),
    },
}
