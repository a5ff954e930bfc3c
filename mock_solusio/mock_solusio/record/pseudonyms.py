"""Pseudonyms for real values: a value always gets the same one, and there is no way back.

Everything follows from one secret. With the secret, one can test a guess at a value, so it is stretched
(scrypt) and never written anywhere. Pseudonyms are recognisable where a format allows it: email addresses and
host names end in `.example` (RFC 2606), IPv4 addresses are in 240.0.0.0/4 (reserved), IPv6 addresses in
2001:db8::/32 (RFC 3849), MAC addresses begin with 02 (locally administered).
"""

import functools
import hashlib
import hmac
import ipaddress
import random
import re
import secrets
import string
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from faker import Faker

OWN_HOST: Final = "solusio.example"
"""The host name of the installation in a recording."""

_FRAME: Final = re.compile(
    r"-----(?:BEGIN|END) (?:(?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY|PUBLIC KEY|CERTIFICATE)-----"
)
_ADDRESS: Final = re.compile(r"[0-9a-fA-F:]*[.:][0-9a-fA-F:.]*")
_SALT: Final = b"mock-solusio recording 1"
_WORDS: Final = 200
"""The most words of the pseudonym of a text."""


class Pseudonyms:
    """Makes pseudonyms. Without a seed they follow from a random secret, known only to this object."""

    def __init__(self, seed: str | None = None) -> None:
        raw = (secrets.token_hex(32) if seed is None else seed).encode("utf-8", "surrogatepass")
        self._key = hashlib.scrypt(raw, salt=_SALT, n=2**14, r=8, p=1, dklen=32)
        self._known: dict[tuple[str, str], str] = {}

    @functools.cached_property
    def _faker(self) -> "Faker":
        from faker import Faker

        return Faker("en_US")

    @functools.cached_property
    def fingerprint(self) -> str:
        """Equal for recordings made with the same secret and the same version of Faker."""
        from faker import VERSION

        return self._digest("fingerprint", VERSION).hex()[:16]

    # Kinds of values

    def mail(self, value: str) -> str:
        """Return an email address; addresses in one domain stay in one domain."""
        local, _, domain = value.lower().rpartition("@")
        return self._once("mail", f"{local}@{domain}", lambda d: f"{self._user(d)}@{self.host(domain)}")

    def person(self, value: str) -> str:
        """Return a person's name, of one word or two."""

        def made(digest: bytes) -> str:
            faker = self._seeded(digest)
            first = faker.first_name() if " " in value else faker.last_name()
            return f"{first}{' ' if ' ' in value else '-'}{faker.last_name()}"

        return self._once("person", value, made)

    def label(self, value: str) -> str:
        """Return the name of a thing: some words and eight digits, which make it unique."""

        def made(digest: bytes) -> str:
            words = self._seeded(digest).words(min(len(value.split()), 3) or 1)
            if " " in value:
                return " ".join(word.capitalize() for word in words) + f" {digest.hex()[:8]}"
            return f"{words[0]}-{digest.hex()[:8]}"

        return self._once("label", value, made)

    def text(self, value: str) -> str:
        """Return a text with as many words."""

        def made(digest: bytes) -> str:
            words = self._seeded(digest).words(min(max(len(value.split()), 1), _WORDS))
            return " ".join(words).capitalize() + "."

        return self._once("text", value, made)

    def secret(self, value: str) -> str:
        """Return random letters and digits: lower case, upper case and digits where they were."""

        def made(digest: bytes) -> str:
            chance = random.Random(digest)  # noqa: S311 - the digest is keyed; nothing is guessed from it
            return "".join(chance.choice(_like(character)) for character in value)

        return self._once("secret", value, made)

    def digits(self, value: str) -> str:
        """Return a text, such as a phone number, with other digits and letters and the same punctuation."""

        def made(digest: bytes) -> str:
            chance = random.Random(digest)  # noqa: S311
            return "".join(chance.choice(_like(c)) if c.isalnum() else c for c in value)

        return self._once("digits", value, made)

    def number(self, value: int) -> int:
        """Return another number with as many digits."""
        digits = len(str(abs(value)))
        chance = random.Random(self._digest("number", str(value)))  # noqa: S311
        fake = chance.randrange(10 ** (digits - 1), 10**digits - 1)
        fake += fake >= abs(value)
        return fake if value >= 0 else -fake

    def ssh_key(self, value: str) -> str:
        """Return a public key of the same kind, with another comment."""
        kind, body, *comment = value.split(None, 2)
        fake = f"{kind} AAAA{self.secret(body[4:])}"
        return f"{fake} {self._user(self._digest('comment', comment[0]))}@example" if comment else fake

    def pem(self, value: str) -> str:
        """Return a key or certificate with its first and last line, and random letters between."""
        return "\n".join(
            line if _FRAME.fullmatch(line.strip()) else self.secret(line) for line in value.splitlines()
        )

    def uuid(self, value: str) -> str:
        """Return a UUID (version 4), with hyphens and capitals as they were."""
        fake = str(uuid.UUID(bytes=self._digest("uuid", value.lower().replace("-", ""))[:16], version=4))
        fake = fake if "-" in value else fake.replace("-", "")
        return fake.upper() if value.upper() == value and value.lower() != value else fake

    def mac(self, value: str) -> str:
        """Return a locally administered MAC address."""
        separator = "-" if "-" in value else ":"
        octets = [
            "02",
            *(f"{octet:02x}" for octet in self._digest("mac", re.sub(r"\W", "", value.lower()))[:5]),
        ]
        fake = separator.join(octets)
        return fake.upper() if value.upper() == value and value.lower() != value else fake

    def ip(self, value: str) -> str:
        """Return an address; addresses with a common prefix keep one. A prefix length stays.

        Addresses that are the same everywhere stay: loopback, unspecified, network masks.
        """
        bare, slash, length = value.partition("/")
        return self._once("ip", bare, lambda _: self._address(bare)) + slash + length

    def host(self, value: str) -> str:
        """Return a host name; hosts in one domain stay in one domain."""
        name = value.lower().rstrip(".")
        if name == "localhost":
            return name
        if name.isascii() and (name.replace(".", "").isdigit() or ":" in name) and is_address(name):
            return self.ip(name)
        labels = name.split(".")
        domain = ".".join(labels[-2:])
        fake = self._once(
            "domain", domain, lambda d: f"{self._seeded(d).domain_word()}-{d.hex()[:6]}.example"
        )
        return ".".join([*(self._once("host", label, self._label) for label in labels[:-2]), fake])

    # Helpers

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), "sha256")

    def _once(self, kind: str, value: str, make: Callable[[bytes], str]) -> str:
        """Return the pseudonym of a value, which is never the value itself."""
        found = self._known.get((kind, value))
        if found is None:
            tries = 0
            found = make(self._digest(kind, value))
            while kind != "ip" and value.casefold() == found.casefold() and tries < 50:
                tries += 1
                found = make(self._digest(f"{kind} {tries}", value))
            self._known[kind, value] = found
        return found

    def _seeded(self, digest: bytes) -> "Faker":
        self._faker.seed_instance(int.from_bytes(digest[:8], "big"))
        return self._faker

    def _user(self, digest: bytes) -> str:
        return f"{self._seeded(digest).user_name()}.{digest.hex()[:6]}"

    def _label(self, digest: bytes) -> str:
        return f"{self._seeded(digest).word().lower()}-{digest.hex()[:8]}"

    def _address(self, value: str) -> str:
        address = ipaddress.ip_address(value)
        if is_common(address):
            return value
        width, fixed, prefix = (32, 4, 0xF) if address.version == 4 else (128, 32, 0x2001_0DB8)
        bits = f"{int(address):0{width}b}"
        # Prefix-preserving, after Crypto-PAn: the bits before it decide whether a bit is flipped.
        turned = "".join(
            str(int(bit) ^ (self._digest("prefix", bits[: fixed + at])[0] & 1))
            for at, bit in enumerate(bits[fixed:])
        )
        number = prefix << (width - fixed) | int(turned, 2)
        return str(ipaddress.IPv4Address(number) if width == 32 else ipaddress.IPv6Address(number))


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    if _ADDRESS.fullmatch(text) is None:  # cheaper than to parse: most texts are not addresses
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_common(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is the same everywhere, so that it reveals nothing."""
    if address.is_loopback or address.is_unspecified:
        return True
    if address.version == 6:
        return False
    inverted = ~int(address) & 0xFFFF_FFFF
    return int(address) >> 24 == 255 and inverted & (inverted + 1) == 0  # a network mask


def is_fake_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is a pseudonym."""
    prefix = "240.0.0.0/4" if address.version == 4 else "2001:db8::/32"
    return address in ipaddress.ip_network(prefix)


def _like(character: str) -> str:
    if character.isdigit():
        return string.digits
    return string.ascii_uppercase if character.isupper() else string.ascii_lowercase
