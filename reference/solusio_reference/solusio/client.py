"""The client of the SolusIO API: usage, users, and the access tokens that log them in.

Source: vendor page "custom billing integration", steps 8 to 10; statuses and shapes are those that public
clients rely on. The administrator's access token opens everything in SolusIO, so we send it to one host only
and keep it out of error messages.
"""

import copy
import functools
import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from solusio_reference.loopback import is_loopback
from solusio_reference.period import Period
from solusio_reference.solusio.responses import (
    CUSTOMERS,
    AccessToken,
    Envelope,
    RolesResponse,
    UsagePage,
    UsageResponse,
    User,
    UsersResponse,
    error_details,
)
from solusio_reference.solusio.retrying import NoResponse, RetryingClient

T = TypeVar("T")

LINES_PER_PAGE = 1000
USERS_PER_PAGE = 100
MAX_PAGES = 100_000
MAX_MESSAGE_LENGTH = 500


class SolusioError(Exception):
    """SolusIO refused a request, failed, or sent an invalid response.

    ``status`` is the status of its response, or None without one.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class LostResponse(SolusioError):  # noqa: N818 - named for what happened
    """SolusIO may or may not have processed the request: look before you repeat it."""


class SolusioClient:
    """A client of one SolusIO installation. Thread-safe. Every method raises SolusioError.

    ``url`` is the address of the installation, without ``/api/v1``. ``ca_file``: the certificate of the
    authority to trust, instead of the usual ones. ``timeout`` is in seconds, for one attempt. Raises
    ValueError for an invalid URL, access token or certificate.
    """

    def __init__(
        self,
        url: str,
        access_token: str,
        *,
        ca_file: str | None = None,
        timeout: float = 30.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = _base_url(url)
        self._origin = _origin(httpx.URL(self.url))
        if not (
            access_token.isascii() and access_token.isprintable() and access_token.split() == [access_token]
        ):
            raise ValueError("an access token has only printable ASCII characters, and no spaces")
        self._access_token = access_token
        # Do not follow redirects: they would take the access token elsewhere. The proxy of a company cannot
        # reach this machine, though HTTP_PROXY is often set without NO_PROXY.
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
            follow_redirects=False,
            trust_env=not is_loopback(httpx.URL(self.url).host),
            verify=_trusting(ca_file),
        )
        self._retrying = RetryingClient(self._client, timeout=timeout, attempts=attempts, sleep=sleep)
        self._customer_role_id: int | None = None
        self.pause = self._retrying.pause
        """Wait as after failed attempt number 1, 2 ..."""

    def impatient(self) -> Self:
        """Return this client with one attempt of 3 seconds, for a person who waits for a page."""
        other = copy.copy(self)
        other._retrying = RetryingClient(self._client, timeout=3.0, attempts=1)
        return other

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def usage_pages(self, period: Period, start: str | None = None) -> Iterator[UsagePage]:
        """Read the usage of a period page by page (step 10).

        ``start`` resumes an earlier call: it is the ``next`` of the last page that it returned.
        """
        span = {"from": f"{period.begin:%Y-%m-%dT%H:%M:%SZ}", "to": f"{period.end:%Y-%m-%dT%H:%M:%SZ}"}
        first = self._api_url("usage", {**span, "per_page": str(LINES_PER_PAGE)})
        url = first if start is None else self._checked_link(start)
        for page, next_url in self._pages(url, UsageResponse):
            received = page.meta.period
            if (received.from_, received.to) != (period.begin, period.end):
                shown = f"{received.from_.isoformat()} to {received.to.isoformat()}"
                raise SolusioError(f"expected the usage of {period}, SolusIO sent that of {shown}")
            yield UsagePage(
                lines=tuple(item.usage_line() for item in page.data),
                next=next_url,
                closed=page.meta.closed,
                metered_until=page.meta.metered_until,
                totals=page.meta.totals,
            )

    def metered_until(self) -> datetime:
        """Return until when SolusIO has metered usage, its present: months that end by then are closed."""
        url = self._api_url("usage", {"per_page": "1"})  # of the current month, since none is named
        return self._call("GET", url, UsageResponse).meta.metered_until

    def users(self, *, search: str | None = None, billing_user_id: int | None = None) -> Iterator[User]:
        """List users.

        Check each result: ``search`` also finds similar users, and SolusIO may ignore ``billing_user_id``
        (assumed: no public client uses that filter).
        """
        query = {"per_page": str(USERS_PER_PAGE)}
        if search is not None:
            query["filter[search]"] = search
        if billing_user_id is not None:
            query["filter[billing_user_id]"] = str(billing_user_id)
        for page, _ in self._pages(self._api_url("users", query), UsersResponse):
            yield from page.data

    def user(self, user_id: int) -> User | None:
        """Return a user, or None if there is no such id."""
        try:
            return self._call("GET", self._api_url(f"users/{user_id}"), Envelope[User]).data
        except SolusioError as error:
            if error.status == 404:
                return None
            raise

    def create_user(self, email: str, billing_user_id: int, status: str = "active", **more: int) -> User:
        """Create a customer's user. They log in by link: their password is random, and nobody knows it.

        ``more`` may be ``language_id`` and ``limit_group_id``; without them, SolusIO chooses its defaults.

        Raises:
            LostResponse: SolusIO may or may not have created the user.
            SolusioError: with status 422 if the address or the billing_user_id is taken.
        """
        fields = {
            "email": email,
            "password": secrets.token_urlsafe(24),
            "billing_user_id": billing_user_id,
            "roles": [self._customer_role()],
            "status": status,
            **more,
        }
        return self._call("POST", self._api_url("users"), Envelope[User], fields).data

    def update_user(self, user_id: int, changes: Mapping[str, str | int]) -> User:
        """Change some fields, named as in `create_user`; the others stay as they are."""
        return self._call("PUT", self._api_url(f"users/{user_id}"), Envelope[User], changes).data

    def delete_user(self, user_id: int) -> None:
        """Delete a user, if they still exist. Raises SolusioError with status 409 if they have servers."""
        try:
            self._call("DELETE", self._api_url(f"users/{user_id}"), None)
        except SolusioError as error:
            if error.status != 404:
                raise

    def login_link(self, user_id: int) -> str:
        """Create a link that logs a user in, once (step 9). Treat it as a password: show it to them only."""
        url = self._api_url(f"users/{user_id}/tokens")
        created = self._call("POST", url, Envelope[AccessToken], {"is_one_time": True})
        return f"{self.url}/auth/by_token/{quote(created.data.access_token, safe='')}"

    def _customer_role(self) -> int:
        """Return the id of the customers' role, which differs between installations."""
        if self._customer_role_id is None:
            for page, _ in self._pages(self._api_url("roles"), RolesResponse):
                for role in page.data:
                    if role.name == CUSTOMERS:
                        self._customer_role_id = role.id
        if self._customer_role_id is None:
            raise SolusioError(f"SolusIO has no role named {CUSTOMERS}")
        return self._customer_role_id

    def _api_url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self.url}/api/v1/{path}" + (f"?{urlencode(query)}" if query else "")

    def _pages(self, first: str, kind: type[T]) -> Iterator[tuple[T, str | None]]:
        """Follow ``links.next``: it keeps the filters, and the moment to which all pages refer."""
        url, seen = first, {first}
        while True:
            page: Any = self._call("GET", url, kind)
            link = page.links.next
            next_url = None if not link else self._checked_link(link, url)
            yield page, next_url
            if next_url is None:
                return
            if next_url in seen or not page.data or len(seen) >= MAX_PAGES:
                raise SolusioError(
                    f"the pages of {_path(first)} never end: links.next leads to {_path(next_url)}"
                )
            url = next_url
            seen.add(url)

    def _checked_link(self, link: str, page: str | None = None) -> str:
        try:
            url = httpx.URL(page or self.url).join(link)
        except httpx.InvalidURL:
            raise SolusioError("the link to the next page (links.next) is not a valid URL") from None
        if _origin(url) != self._origin:
            raise SolusioError(
                f"links.next leads to {_origin(url)}, not to {self._origin}: we do not send the access token "
                "there. Configure the URL that SolusIO uses for itself"
            )
        # Rebuild the URL: a user name and password in the link would replace the access token.
        return f"{self._origin}{url.raw_path.decode('ascii')}"

    def _call(
        self, method: str, url: str, kind: type[T] | None, body: Mapping[str, Any] | None = None
    ) -> T | Any:
        request = f"{method} {_path(url)}"
        content = None if body is None else msgspec.json.encode(body)
        try:
            response = self._retrying.send(method, url, content)
        except NoResponse as error:
            lost = method == "POST" and error.maybe_done
            message = f"{request}: no response from SolusIO at {self._origin}: {error}"
            raise self._error(message, lost) from None
        status = response.status
        if not 200 <= status < 300:
            # A POST that failed halfway may still have created something.
            lost = method == "POST" and status >= 500
            details = error_details(status, response.body)
            raise self._error(f"SolusIO answers {status} to {request}{details}", lost, status)
        if kind is None:
            return None
        try:
            return msgspec.json.decode(response.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"the {status} response to {request} is not valid: {error}"
            raise self._error(message, method == "POST", status) from None

    def _error(self, message: str, lost: bool, status: int | None = None) -> SolusioError:
        """Word an error safely for a log: a server may repeat what it received."""
        text = "".join(char if char.isprintable() else " " for char in message)
        text = text.replace(self._access_token, "***")[:MAX_MESSAGE_LENGTH]
        return LostResponse(text, status) if lost else SolusioError(text, status)


@functools.lru_cache(maxsize=16)  # to read the usual authorities takes longer than a request
def _trusting(ca_file: str | None) -> ssl.SSLContext:
    if ca_file is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # includes SSLError
        raise ValueError(f"the certificate file cannot be used: {error.strerror or error}") from None


def _base_url(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("the URL of SolusIO is not valid") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("the URL of SolusIO must begin with http:// or https:// and a host")
    if not 0 < (parsed.port or 80) < 65536:
        raise ValueError("the URL of SolusIO has an invalid port; ports go from 1 to 65535")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ValueError("the URL of SolusIO must not have a user name, password, query or fragment")
    path = parsed.raw_path.decode("ascii").rstrip("/").removesuffix("/api/v1")
    return f"{_origin(parsed)}{path}"


def _origin(url: httpx.URL) -> str:
    """Return scheme, host and port, without the scheme's default port."""
    default = {"http": 80, "https": 443}.get(url.scheme)
    netloc = url.copy_with(port=None if url.port == default else url.port).netloc
    return f"{url.scheme}://{netloc.decode('ascii')}"


def _path(url: str) -> str:
    return httpx.URL(url).path
