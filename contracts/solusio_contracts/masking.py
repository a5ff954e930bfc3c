"""Keeps secrets out of everything that is printed or stored."""

import base64
import json
import re
import urllib.parse

TOKEN_VARIABLE = "MOCK_SOLUSIO_TOKEN"  # noqa: S105 - the name of a variable, not a secret

SHORTEST = 4
"""A secret of fewer characters is only recognised right behind `token=`."""


class Mask:
    """Replaces secrets by what may be shown: a shell expression, so that a curl line still works.

    Example: with the authorization token `abc123`, the body `token=abc123x` is shown as
    `token=${MOCK_SOLUSIO_TOKEN}x`.
    """

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def hide(self, secret: str, shown: str) -> None:
        """Replace `secret`, in its usual spellings, by `shown`; an empty secret is ignored."""
        if not secret:
            return
        for spelling in spellings(secret):
            if len(spelling) < SHORTEST:
                # Replacing every "a" of a report would hide nothing and destroy the report.
                self._shown.setdefault(f"token={spelling}", f"token={shown}")
            else:
                self._shown.setdefault(spelling, shown)
        longest_first = sorted(self._shown, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(spelling) for spelling in longest_first))

    def __call__(self, text: str, *, replace: str | None = None) -> str:
        """Return `text` with every secret replaced (all by `replace`, if given)."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._shown[match[0]] if replace is None else replace, text)

    def variables(self, text: str) -> list[str]:
        """Return what stands for the secrets of `text`, in their order."""
        if self._pattern is None:
            return []
        return [self._shown[match] for match in self._pattern.findall(text)]


def spellings(secret: str) -> tuple[str, ...]:
    """Return the forms in which a secret may appear: plain, form-encoded, JSON, base64."""
    forms = {
        secret,
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode("utf-8", errors="surrogatepass")).decode("ascii"),
    }
    return tuple(sorted(forms, key=len, reverse=True))
