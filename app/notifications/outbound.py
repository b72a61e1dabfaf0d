"""One HTTP POST to an address that somebody typed in: to the world outside only, and never for long.

The name is looked up once, every address it has must be public, and the connection goes to the address that was
checked: a name that answers differently the second time gains nothing. Redirects are not followed. Addresses of the own
house are reached only if the operator allows them by name, address or network.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

SECONDS = 10.0
"""For everything: connecting, sending and reading the answer."""
ANSWER_BYTES = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.ip_network("::/96")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetRefused(Exception):
    """We do not send there. ``reason`` is a code: bad_url, private_address, plain_http."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class TargetUnreachable(Exception):
    """No answer, or none in time; another try may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of a long body the beginning."""

    status: int
    text: str
    retry_after: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be reached: ``address`` is the one that was checked."""

    parts: SplitResult
    host: str
    port: int
    address: str


def post(url: str, body: bytes, headers: Mapping[str, str], allow: tuple[str, ...]) -> Answer:
    """Send ``body``; the answer, whatever its status. Raises TargetRefused, TargetUnreachable."""
    target = resolve(url, allow)
    connection = _connection(target)
    ended = threading.Event()
    # A timeout of the socket is for one read: who sends a byte now and then would never reach it.
    guard = threading.Timer(SECONDS, _hang_up, (connection, ended))
    guard.daemon = True
    guard.start()
    try:
        answer = _ask(connection, target, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = "no answer in time" if ended.is_set() else f"{type(error).__name__}: {error}"
        raise TargetUnreachable(late[:300]) from error
    finally:
        guard.cancel()
        connection.close()
    if ended.is_set():  # what was read until we hung up looks like a whole answer
        raise TargetUnreachable("no answer in time")
    return answer


def resolve(url: str, allow: tuple[str, ...]) -> Target:
    """Where ``url`` leads, if we may go there. Raises TargetRefused, TargetUnreachable."""
    parts, host, port = checked(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetUnreachable(f"{host}: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    own = host in allow or all(_in_allowed_network(address, allow) for address in addresses)
    if not own and not all(is_public(address) for address in addresses):
        raise TargetRefused("private_address", f"{host} is an address of the own network")
    if parts.scheme != "https" and not own:
        raise TargetRefused("plain_http", "outside of the own network only https is possible")
    return Target(parts, host, port, addresses[0])


def checked(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an address a channel can have, its host and its port. Raises TargetRefused."""
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise TargetRefused("bad_url", "the address has characters that no address has")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise TargetRefused("bad_url", str(error)) from error
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc or port == 0:
        raise TargetRefused("bad_url", "an address like https://example.com/hook is expected")
    return parts, host, port or (443 if parts.scheme == "https" else 80)


def is_public(text: str) -> bool:
    """Whether an address is reachable for everybody: not this machine, not this network, nothing reserved; addresses
    that carry another one within them are judged by that one."""
    address: IpAddress = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if within is None and (address in _NAT64 or address in _V4_COMPATIBLE):
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _in_allowed_network(text: str, allow: tuple[str, ...]) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    for entry in allow:
        with suppress(ValueError):  # a host name is no network
            if address in ipaddress.ip_network(entry, strict=False):
                return True
    return False


class _PinnedHttp(http.client.HTTPConnection):
    """Speaks to ``pinned`` whatever the name means by now."""

    pinned = ""

    def connect(self) -> None:
        """Connect to the checked address."""
        self.sock = socket.create_connection((self.pinned, self.port), self.timeout)


class _PinnedHttps(http.client.HTTPSConnection):
    """The same over TLS: the certificate must be the name's."""

    pinned = ""
    context = ssl.create_default_context()

    def connect(self) -> None:
        """Connect to the checked address, then greet the name."""
        plain = socket.create_connection((self.pinned, self.port), self.timeout)
        self.sock = plain  # what the guard hangs up, should the greeting take too long
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


def _connection(target: Target) -> _PinnedHttp | _PinnedHttps:
    kind = _PinnedHttps if target.parts.scheme == "https" else _PinnedHttp
    connection = kind(target.host, target.port, timeout=SECONDS)
    connection.pinned = target.address
    return connection


def _hang_up(connection: http.client.HTTPConnection, ended: threading.Event) -> None:
    ended.set()
    if connection.sock is not None:
        with suppress(OSError):  # it is closed already
            connection.sock.shutdown(socket.SHUT_RDWR)


def _ask(connection: http.client.HTTPConnection, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
    path = (target.parts.path or "/") + (f"?{target.parts.query}" if target.parts.query else "")
    connection.request("POST", path, body, {"User-Agent": "Keliu", "Accept": "application/json", **headers})
    response = connection.getresponse()
    text = response.read(ANSWER_BYTES).decode("utf-8", "replace")
    wait = response.getheader("Retry-After", "")
    return Answer(response.status, text, min(int(wait), 3600) if wait.isdecimal() and len(wait) < 9 else None)
