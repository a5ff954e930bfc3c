"""Creates one login link and opens it: the only request of preflight that is not a GET."""

import json
from typing import Final

from mock_solusio.preflight.client import API
from mock_solusio.preflight.installation import Installation
from solusio_contracts.http.exchange import Exchange, Request

LINK: Final = "/auth/by_token/"


def try_login(site: Installation, user_id: int) -> tuple[Exchange, Exchange | None]:
    """Return the exchange that made a one-time access token, and the one that used it, if there was a token.

    Raises:
        UnreadableError: nothing more may be asked.
    """
    reader = site.reader
    body = json.dumps({"is_one_time": True}).encode()
    headers = (*reader.headers("application/json"), ("Content-Type", "application/json"))
    target = f"{reader.base_path}{API}users/{user_id}/tokens"
    words = f"POST {target} (createUserToken), because of --try-login"
    made = reader.send(Request(body=body, headers=headers, path=target), words)
    value = made.reading.value if made.status in (200, 201) else None
    data = value.get("data", value) if isinstance(value, dict) else None
    token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not token:
        return made, None
    reader.mask.hide(token, "***")
    url = f"{(site.questions.user_area or reader.access.url).rstrip('/')}{LINK}{token}"
    return made, reader.elsewhere(url)
