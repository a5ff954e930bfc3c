"""The client of the SolusIO API: usage, users, and the access tokens that log them in.

Source: vendor page "custom billing integration", steps 8 to 10; statuses and shapes as public clients rely on
them. The access token is the key to everything SolusIO has. So it is sent to one host only, and is in no
error text.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from solusio_reference.period import Period
from solusio_reference.solusio.responses import (
    AccessToken,
    Envelope,
    UsagePage,
    UsageResponse,
    UsageTotals,
    User,
    UsersResponse,
    reason,
)
from solusio_reference.solusio.retrying import NoResponse, RetryingClient

__all__ = ["LostResponse", "SolusioClient", "SolusioError", "UsagePage", "UsageTotals", "User"]

T = TypeVar("T")

LINES_PER_PAGE = 1000
USERS_PER_PAGE = 100
MOST_PAGES = 100_000
LONGEST_TEXT = 500


class SolusioError(Exception):
    """SolusIO refused, failed, or cannot be understood; ``status`` is that of its answer, if there is one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class LostResponse(SolusioError):  # noqa: N818 - named as what has happened
    """SolusIO may have done what was asked, or not: look before asking again."""


class SolusioClient:
    """A SolusIO installation. May be used by several threads at once. Everything raises SolusioError.

    ``url`` is the address of the installation, without ``/api/v1``. ``timeout`` is in seconds, for one
    attempt. Raises ValueError for a URL or an access token that cannot be one.
    """

    def __init__(
        self,
        url: str,
        access_token: str,
        *,
        timeout: float = 30.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = _base(url)
        self._origin = _origin(httpx.URL(self.url))
        if not (
            access_token.isascii() and access_token.isprintable() and access_token.split() == [access_token]
        ):
            raise ValueError("an access token has only printable ASCII characters, and no spaces")
        self._access_token = access_token
        # Redirects are not followed: they would take the access token along.
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
            follow_redirects=False,
        )
        self._retrying = RetryingClient(self._client, timeout=timeout, attempts=attempts, sleep=sleep)
        self.pause = self._retrying.pause
        """Wait as after a failed attempt with this number: 1, 2 ..."""

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

        ``start`` goes on where another walk was broken off: it is the ``next`` of its last page.
        """
        span = {"from": f"{period.begin:%Y-%m-%dT%H:%M:%SZ}", "to": f"{period.end:%Y-%m-%dT%H:%M:%SZ}"}
        first = self._api("usage", {**span, "per_page": str(LINES_PER_PAGE)})
        for page, following in self._pages(first if start is None else self._link(start), UsageResponse):
            told = page.meta.period
            if (told.from_, told.to) != (period.begin, period.end):
                shown = f"{told.from_.isoformat()} to {told.to.isoformat()}"
                raise SolusioError(
                    f"SolusIO was asked for the usage of {period}, and answers that of {shown}"
                )
            yield UsagePage(
                lines=tuple(line.usage_line() for line in page.data),
                next=following,
                closed=page.meta.closed,
                metered_until=page.meta.metered_until,
                totals=page.meta.totals,
            )

    def users(self, *, search: str | None = None, billing_user_id: int | None = None) -> Iterator[User]:
        """List users.

        The filters are hints. ``search`` also finds what is only similar, and SolusIO may ignore the one for
        ``billing_user_id`` (assumed: no public client uses it). So compare.
        """
        query = {"per_page": str(USERS_PER_PAGE)}
        if search is not None:
            query["filter[search]"] = search
        if billing_user_id is not None:
            query["filter[billing_user_id]"] = str(billing_user_id)
        for page, _ in self._pages(self._api("users", query), UsersResponse):
            yield from page.data

    def user(self, user_id: int) -> User | None:
        """Return a user; None if there is none with this id."""
        try:
            return self._call("GET", self._api(f"users/{user_id}"), Envelope[User]).data
        except SolusioError as error:
            if error.status == 404:
                return None
            raise

    def create_user(self, email: str, billing_user_id: int, status: str = "active") -> User:
        """Make a user, who can log in by link only: he has no password.

        Raises:
            LostResponse: he may have been made, or not.
            SolusioError: with status 422 if the address, or the billing user id, is taken.
        """
        fields = {"email": email, "billing_user_id": billing_user_id, "status": status}
        return self._call("POST", self._api("users"), Envelope[User], fields).data

    def update_user(self, user_id: int, changes: Mapping[str, str | int]) -> User:
        """Change ``email``, ``status`` or ``billing_user_id``; what is not named stays as it is."""
        return self._call("PUT", self._api(f"users/{user_id}"), Envelope[User], changes).data

    def delete_user(self, user_id: int) -> None:
        """Delete a user; one who is gone already is no error. Status 409: he still has servers."""
        try:
            self._call("DELETE", self._api(f"users/{user_id}"), None)
        except SolusioError as error:
            if error.status != 404:
                raise

    def login_link(self, user_id: int) -> str:
        """Make a link that logs a user in, once (step 9). As good as a password: only for him."""
        url = self._api(f"users/{user_id}/tokens")
        made = self._call("POST", url, Envelope[AccessToken], {"is_one_time": True})
        return f"{self.url}/auth/by_token/{quote(made.data.access_token, safe='')}"

    def _api(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self.url}/api/v1/{path}" + (f"?{urlencode(query)}" if query else "")

    def _pages(self, first: str, kind: type[T]) -> Iterator[tuple[T, str | None]]:
        """Follow ``links.next``: it keeps the filters, and the moment that all pages show."""
        url, seen = first, {first}
        while True:
            page: Any = self._call("GET", url, kind)
            link = page.links.next
            following = None if not link else self._link(link, url)
            yield page, following
            if following is None:
                return
            if following in seen or not page.data or len(seen) >= MOST_PAGES:
                raise SolusioError(
                    f"the pages of {_path(first)} have no end: links.next leads to {_path(following)}"
                )
            url = following
            seen.add(url)

    def _link(self, link: str, page: str | None = None) -> str:
        try:
            url = httpx.URL(page or self.url).join(link)
        except httpx.InvalidURL:
            raise SolusioError("a link to the next page (links.next) is no URL") from None
        if _origin(url) != self._origin:
            raise SolusioError(
                f"links.next leads to {_origin(url)}, not to {self._origin}: the access token is not sent "
                "there. Give the URL under which SolusIO knows itself"
            )
        # Taken apart and put together: a name and password in the link would replace the access token.
        return f"{self._origin}{url.raw_path.decode('ascii')}"

    def _call(
        self, method: str, url: str, kind: type[T] | None, body: Mapping[str, Any] | None = None
    ) -> T | Any:
        what = f"{method} {_path(url)}"
        content = None if body is None else msgspec.json.encode(body)
        try:
            answer = self._retrying.send(method, url, content)
        except NoResponse as error:
            lost = method == "POST" and error.maybe_done
            problem = LostResponse if lost else SolusioError
            raise problem(
                self._clean(f"{what}: SolusIO at {self._origin} cannot be asked: {error}")
            ) from None
        if not 200 <= answer.status < 300:
            # A POST that failed half way may have done what was asked.
            problem = LostResponse if method == "POST" and answer.status >= 500 else SolusioError
            raise problem(
                self._clean(f"SolusIO answers {answer.status} to {what}{reason(answer.status, answer.body)}"),
                answer.status,
            )
        if kind is None:
            return None
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = LostResponse if method == "POST" else SolusioError
            text = f"the answer {answer.status} to {what} is not as it should be: {error}"
            raise problem(self._clean(text), answer.status) from None

    def _clean(self, text: str) -> str:
        """Make a text fit for a log: a server may repeat what it was sent."""
        text = "".join(char if char.isprintable() else " " for char in text)
        return text.replace(self._access_token, "***")[:LONGEST_TEXT]


def _base(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("the URL of SolusIO cannot be read") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("the URL of SolusIO must begin with http:// or https:// and a host")
    if not 0 < (parsed.port or 80) < 65536:
        raise ValueError("the URL of SolusIO has a port that does not exist")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ValueError("the URL of SolusIO has no user name, password, query or fragment")
    path = parsed.raw_path.decode("ascii").rstrip("/").removesuffix("/api/v1")
    return f"{_origin(parsed)}{path}"


def _origin(url: httpx.URL) -> str:
    """Return scheme, host, and the port unless it is the usual one, in one spelling."""
    usual = {"http": 80, "https": 443}.get(url.scheme)
    netloc = url.copy_with(port=None if url.port == usual else url.port).netloc
    return f"{url.scheme}://{netloc.decode('ascii')}"


def _path(url: str) -> str:
    return httpx.URL(url).path
