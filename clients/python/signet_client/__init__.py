"""A client of signetd, the token-signing daemon of this host.

    from signet_client import Client

    with Client() as signet:
        token = signet.sign({"sub": "user-1"}, ttl=900)
        print(signet.verify(token).claims["sub"])

`Client` is for threads: any number share one. `AsyncClient` is for asyncio: any number of tasks share one, and their
requests travel together. Both connect at the first call and again whenever the connection has broken, and ask the
kernel who listens before they send anything. The standard library is all they need.

A request is sent again where that is safe and the time allows it: once when the daemon says that it did nothing
(`RateLimited`, `Overloaded`, `RequestTimeout`); as often as it takes when the daemon is stopping, or the connection broke
before the whole request was sent; and, for `verify` and `ping`, once when it broke later. A `sign` that may have been
carried out is never repeated: it ends with `ConnectionLost`, and the caller decides about a second token.

No error holds a token or the value of a claim.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import pwd
import random
import select
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Deque, Dict, FrozenSet, Iterable, List, Mapping, NoReturn, Optional, Tuple, Type

__all__ = [
    "AsyncClient", "ClaimsRejected", "Client", "ConnectionLost", "InternalError", "InvalidArgument", "InvalidToken",
    "MalformedRequest", "NoSigningKey", "NotPermitted", "Overloaded", "Pong", "ProtocolViolation", "RateLimited",
    "Refused", "RequestTimeout", "ServerNotTrusted", "ShuttingDown", "SignedToken", "SignetError", "TimedOut",
    "TooLarge", "TtlTooLong", "Unavailable", "UnknownProfile", "VerifiedToken",
]  # fmt: skip
__version__ = "0.1.0"

#: Where the daemon listens unless the environment's SIGNET_SOCKET says otherwise.
DEFAULT_SOCKET = "/run/signet/signet.sock"

# The longest answer that is accepted, and the longest request that any daemon takes, its LF included; in bytes.
_LONGEST_ANSWER = 16 << 20
_LONGEST_REQUEST = 1 << 20
_LONGEST_PATH = 107
_LARGEST_TTL = 2**31 - 1
# How long to wait before a daemon that had no room is asked again, unless it says so itself; in seconds.
_OVERLOAD_PAUSE = 0.02
# Between two looks for a daemon that is being restarted, or for room in its backlog: the first pause and the longest.
_PAUSE, _LONGEST_PAUSE = 0.02, 0.2
# The user that the packaged daemon runs as.
_PACKAGED_USER = "signet"


# Errors


class SignetError(Exception):
    """Why a call did not bring what was asked for. Its text is for a person, without any token or value of a claim."""


class InvalidToken(SignetError):
    """The token does not hold. `reason` says why by the names of docs/protocol.md, as "expired"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Refused(SignetError):
    """The daemon refused and carried out nothing. `code` is the name of docs/protocol.md, also one that is new."""

    def __init__(self, code: str, message: str, retry_after: Optional[float] = None) -> None:
        super().__init__(message)
        self.code = code
        #: After how many seconds trying again may help, if the daemon says so.
        self.retry_after = retry_after
        self._has_id = False


class MalformedRequest(Refused):
    """The request has no meaning for the daemon."""


class NotPermitted(Refused):
    """No entry of the profile lets this user do that. For a profile that does not exist, the same."""


class UnknownProfile(NotPermitted):
    """There is no such profile; said to the daemon's admins only."""


class ClaimsRejected(Refused):
    """The profile does not let the caller set these claims."""


class TtlTooLong(Refused):
    """The time to live is above the caller's cap."""


class TooLarge(Refused):
    """The request, or the token that it asks for, is longer than the daemon allows."""


class NoSigningKey(Refused):
    """The profile's keyring has no key that may sign now."""


class RateLimited(Refused):
    """Too many requests by this user; `retry_after` says in how many seconds one passes."""


class Overloaded(Refused):
    """The daemon has more work than it takes."""


class RequestTimeout(Refused):
    """The daemon did not get the whole request in time."""


class ShuttingDown(Refused):
    """The daemon is stopping."""


class InternalError(Refused):
    """The daemon failed; its log says more."""


class Unavailable(SignetError):
    """Nobody answers at the socket, or this user may not connect. Nothing was sent."""


class ServerNotTrusted(SignetError):
    """Another user than the trusted ones listens at the socket: `uid`. Nothing was sent."""

    def __init__(self, path: str, uid: int) -> None:
        super().__init__(f"the user with uid {uid} listens at {path}, whom this client does not trust")
        self.uid = uid


class TimedOut(SignetError, TimeoutError):
    """No answer came in time. The request may have been carried out."""


class ConnectionLost(SignetError, ConnectionError):
    """The connection broke before the answer came."""

    def __init__(self, may_be_carried_out: bool) -> None:
        what = "may have been" if may_be_carried_out else "was not"
        super().__init__(f"the connection broke; the request {what} carried out")
        #: False: the request was certainly not carried out.
        self.may_be_carried_out = may_be_carried_out
        self._is_final = False


class ProtocolViolation(SignetError):
    """What came was no answer by the protocol. The request may have been carried out."""


class InvalidArgument(SignetError, ValueError):
    """Nothing was sent."""


_REFUSALS: Dict[str, Type[Refused]] = {
    "malformed_request": MalformedRequest,
    "unknown_op": MalformedRequest,
    "not_permitted": NotPermitted,
    "unknown_profile": UnknownProfile,
    "claims_rejected": ClaimsRejected,
    "ttl_too_long": TtlTooLong,
    "rate_limited": RateLimited,
    "too_large": TooLarge,
    "no_signing_key": NoSigningKey,
    "overloaded": Overloaded,
    "timeout": RequestTimeout,
    "shutting_down": ShuttingDown,
    "internal": InternalError,
}


# Results


@dataclass(frozen=True)
class SignedToken:
    """A token, and what the daemon says of it."""

    #: The compact JWS. Whoever holds it can use it: keep it out of logs.
    token: str = field(repr=False)
    #: The id of the key that signed it.
    kid: str
    #: When it expires, in seconds since 1970-01-01 UTC.
    expiry: Optional[int]
    #: Its unique id.
    jti: Optional[str]


@dataclass(frozen=True)
class VerifiedToken:
    """A token that holds in every respect."""

    claims: Dict[str, Any] = field(repr=False)
    header: Dict[str, Any]
    #: The id of the key that signed it.
    kid: str


@dataclass(frozen=True)
class Pong:
    """The daemon at the other end."""

    version: str
    #: The version of the wire protocol that it speaks.
    protocol: int


# Requests and answers


@dataclass(frozen=True)
class _Request:
    #: The line behind its id, without a LF.
    rest: bytes
    changes_nothing: bool

    def line(self, number: int) -> bytes:
        return b'{"id":%d,' % number + self.rest + b"\n"


def _request(operation: str, members: Dict[str, Any]) -> _Request:
    members = {name: value for name, value in members.items() if value is not None}
    try:
        # Control characters are escaped: the line is one line. Lone surrogates are no UTF-8.
        text = json.dumps({"op": operation, **members}, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        rest = text[1:].encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise InvalidArgument("the claims, or a name, are no JSON") from None
    if len(rest) > _LONGEST_REQUEST - 32:
        raise TooLarge("too_large", "the request is longer than any daemon takes, 1 MiB")
    return _Request(rest, changes_nothing=operation != "sign")


def _sign_request(claims: Optional[Mapping[str, Any]], profile: Optional[str], ttl: Optional[int]) -> _Request:
    if claims is not None and not isinstance(claims, Mapping):
        raise InvalidArgument("the claims are a mapping")
    # True is an int, and 900.0 is none for the daemon.
    if ttl is not None and (type(ttl) is not int or not 1 <= ttl <= _LARGEST_TTL):
        raise InvalidArgument(f"the ttl is a whole number of seconds from 1 to {_LARGEST_TTL}")
    _check_text(profile=profile)
    return _request("sign", {"profile": profile, "claims": None if claims is None else dict(claims), "ttl": ttl})


def _verify_request(token: str, profile: Optional[str], audience: Optional[str]) -> _Request:
    if token is None:
        raise InvalidArgument("there is no token")
    _check_text(token=token, profile=profile, audience=audience)
    if not token.isascii():
        # What the daemon would say, if the text can be sent at all: a token may be anything that a stranger brings.
        raise InvalidToken("malformed", "a token is three base64url segments")
    return _request("verify", {"token": token, "profile": profile, "audience": audience})


def _check_text(**texts: Optional[str]) -> None:
    for name, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise InvalidArgument(f"the {name} is a string")


def _pairs(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in an object")
    return members


def _integer(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        # More digits than Python turns into an int: a claim may be what it likes.
        return Decimal(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError("no JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_no_constant)


def _read_answer(line: bytes, number: int) -> Dict[str, Any]:
    """The members of the answer to the request of that number; raises what it says instead."""
    try:
        answer = _decoder.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ProtocolViolation("the daemon's answer is no JSON object without doubled members") from None
    if not isinstance(answer, dict):
        raise ProtocolViolation("the daemon's answer is no JSON object")
    if "id" in answer and (type(answer["id"]) is not int or answer["id"] != number):
        raise ProtocolViolation("the daemon's answer is for another request")
    if answer.get("ok") is False:
        raise _refusal(answer)
    if answer.get("ok") is not True or "id" not in answer:
        raise ProtocolViolation('the daemon\'s answer has no "ok", or no "id"')
    return answer


def _refusal(answer: Dict[str, Any]) -> SignetError:
    error = answer.get("error")
    if not isinstance(error, dict):
        return ProtocolViolation('the daemon\'s refusal has no "error"')
    code, message, after = error.get("code"), error.get("message"), error.get("retry_after_ms")
    if not isinstance(code, str) or not isinstance(message, str):
        return ProtocolViolation('the daemon\'s refusal has no "code" and "message"')
    seconds = after / 1000 if type(after) is int and 0 < after < 2**53 else None
    refusal = _REFUSALS.get(code, Refused)(code, _printable(message), seconds)
    refusal._has_id = "id" in answer
    return refusal


def _printable(message: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in message[:500])


def _member(answer: Dict[str, Any], name: str, kind: type) -> Any:
    value = answer.get(name)
    if type(value) is not kind:
        raise ProtocolViolation(f'the daemon\'s answer has no "{name}"')
    return value


def _signed_token(answer: Dict[str, Any]) -> SignedToken:
    expiry = _member(answer, "exp", int) if "exp" in answer else None
    jti = _member(answer, "jti", str) if "jti" in answer else None
    return SignedToken(_member(answer, "token", str), _member(answer, "kid", str), expiry, jti)


def _verified_token(answer: Dict[str, Any]) -> VerifiedToken:
    if not _member(answer, "valid", bool):
        raise InvalidToken(_member(answer, "reason", str), _printable(_member(answer, "message", str)))
    return VerifiedToken(
        _member(answer, "claims", dict), _member(answer, "header", dict), _member(answer, "kid", str)
    )


def _pong(answer: Dict[str, Any]) -> Pong:
    return Pong(_member(answer, "version", str), _member(answer, "protocol", int))


class _Repeats:
    """Decides whether a request of one call is sent again."""

    def __init__(self, request: _Request) -> None:
        self._changes_nothing = request.changes_nothing
        self._may_ask_again = True
        self._tries = 0

    def pause(self, error: SignetError, left: float) -> Optional[float]:
        """The seconds to wait before the request is sent again, of those that are left; None: it is not."""
        if isinstance(error, ShuttingDown) or (isinstance(error, ConnectionLost) and not error.may_be_carried_out):
            # A daemon that stops: what it certainly did not carry out is for the next one.
            pause = 0.0 if self._tries == 0 else _growing_pause(self._tries - 1)
            self._tries += 1
            is_final = isinstance(error, ConnectionLost) and error._is_final
            return None if is_final or pause >= left else pause
        if not self._may_ask_again:
            return None
        self._may_ask_again = False
        if isinstance(error, ConnectionLost):
            return 0.0 if self._changes_nothing and not error._is_final else None
        if isinstance(error, RequestTimeout):
            return 0.0
        if isinstance(error, (RateLimited, Overloaded)):
            pause = error.retry_after or _OVERLOAD_PAUSE
            # Up to a half more, so that many clients do not come back all at once.
            return min(pause * random.uniform(1, 1.5), left) if pause < left else None
        return None


def _growing_pause(tries: int) -> float:
    pause: float = min(_PAUSE * 2 ** min(tries, 8), _LONGEST_PAUSE)
    return pause * random.uniform(1, 1.5)


def _ends_connection(error: Refused) -> bool:
    """Whether the daemon closes the connection behind this refusal, and carries out nothing that stands behind."""
    if isinstance(error, ShuttingDown):
        return True
    return isinstance(error, (TooLarge, Overloaded, RequestTimeout)) and not error._has_id


# What both clients share


class _Away(Unavailable):
    """Nobody listens just now."""


class _NoRoom(TimedOut):
    """The daemon's backlog is full just now."""


class _Base:
    def __init__(
        self, socket_path: Optional[str] = None, *, timeout: float = 5.0, trusted_uids: Optional[Iterable[int]] = None
    ) -> None:
        #: Where the daemon listens.
        self.socket_path: str = socket_path or os.environ.get("SIGNET_SOCKET") or DEFAULT_SOCKET
        encoded = os.fsencode(self.socket_path)
        if len(encoded) > _LONGEST_PATH or b"\0" in encoded:
            raise InvalidArgument("no socket can have this path")
        self.timeout = timeout
        self._trusted: Optional[FrozenSet[int]] = None if trusted_uids is None else frozenset(trusted_uids)
        self._number = 0
        self._process = os.getpid()
        # Whether the daemon was there when it was last looked for, so that its absence may be a restart.
        self._was_there = False

    def _is_trusted(self, uid: int) -> bool:
        if uid == 0:
            return True
        if self._trusted is not None:
            return uid in self._trusted
        if uid == os.geteuid():
            return True
        try:
            return pwd.getpwnam(_PACKAGED_USER).pw_uid == uid
        except KeyError:
            return False

    def _connect_once(self) -> socket.socket:
        """A connection that does not block, to a server that is trusted. Waits for nothing."""
        path = self.socket_path
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.setblocking(False)
            made.connect(path)
            uid = struct.unpack("3i", made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1] & 0xFFFFFFFF
            if not self._is_trusted(uid):
                raise ServerNotTrusted(path, uid)
        except BaseException as error:
            made.close()
            if not isinstance(error, OSError) or isinstance(error, SignetError):
                raise
            if error.errno == errno.EAGAIN:
                raise _NoRoom("the daemon had no room for a connection in time") from None
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                raise _Away(f"there is no socket at {path}: is signetd running?") from None
            if error.errno == errno.ECONNREFUSED:
                raise _Away(f"nobody listens at {path}: is signetd running?") from None
            if error.errno in (errno.EACCES, errno.EPERM):
                raise Unavailable(f"this user may not connect to {path}: is it in the socket's group?") from None
            raise Unavailable(f"cannot connect to {path}: {error.strerror}") from None
        self._was_there = True
        return made

    def _pause_before_connecting(self, error: SignetError, tries: int, left: float) -> float:
        """How long to wait before the next try to connect; raises the error where there is none.

        A daemon that was there a moment ago is perhaps being restarted. It is waited for once: when it does not come
        back in time, later calls fail at once, until it has.
        """
        pause = _growing_pause(tries)
        if isinstance(error, _Away) and not self._was_there:
            raise Unavailable(str(error)) from None
        if pause < left:
            return pause
        if isinstance(error, _Away):
            self._was_there = False
            raise Unavailable(str(error)) from None
        raise TimedOut(str(error)) from None


class Client(_Base):
    """A client for any number of threads, which take turns on one connection.

    socket_path: None: the environment's SIGNET_SOCKET, else /run/signet/signet.sock.
    timeout: the seconds that a call may take in all, unless it says otherwise.
    trusted_uids: the users that the daemon may run as, beside root. None: the user `signet`, where there is one, and
    the process's own.
    """

    def __init__(
        self, socket_path: Optional[str] = None, *, timeout: float = 5.0, trusted_uids: Optional[Iterable[int]] = None
    ) -> None:
        super().__init__(socket_path, timeout=timeout, trusted_uids=trusted_uids)
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None

    def sign(
        self, claims: Optional[Mapping[str, Any]] = None, *, profile: Optional[str] = None, ttl: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> str:  # fmt: skip
        """Signs a token that lives `ttl` seconds, or as long as the profile says. Keep it out of logs."""
        return self.signed_token(claims, profile=profile, ttl=ttl, timeout=timeout).token

    def signed_token(
        self, claims: Optional[Mapping[str, Any]] = None, *, profile: Optional[str] = None, ttl: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> SignedToken:  # fmt: skip
        """Signs a token, as `sign` does, and says more about it."""
        return _signed_token(self._call(_sign_request(claims, profile, ttl), timeout))

    def verify(
        self, token: str, *, profile: Optional[str] = None, audience: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> VerifiedToken:  # fmt: skip
        """Verifies a token; raises InvalidToken if it does not hold in every respect.

        audience: the audience that it must name. None: any that the caller may verify for.
        """
        return _verified_token(self._call(_verify_request(token, profile, audience), timeout))

    def ping(self, *, timeout: Optional[float] = None) -> Pong:
        """Asks for the daemon's version."""
        return _pong(self._call(_request("ping", {}), timeout))

    def close(self) -> None:
        """Ends the connection. A later call makes a new one."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, request: _Request, timeout: Optional[float]) -> Dict[str, Any]:
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        repeats = _Repeats(request)
        while True:
            try:
                return self._attempt(request, deadline)
            except (Refused, ConnectionLost) as error:
                pause = repeats.pause(error, deadline - time.monotonic())
                if pause is None:
                    raise
            time.sleep(max(pause, 0))

    def _attempt(self, request: _Request, deadline: float) -> Dict[str, Any]:
        if self._process != os.getpid():
            # The child of a fork: the lock may be that of a thread that is not here, the socket is the parent's.
            self._process, self._lock = os.getpid(), threading.Lock()
            self._drop()
        if not self._lock.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise TimedOut("other calls on this client took all the time")
        try:
            connection = self._connected(deadline)
            self._number += 1
            line = self._exchange(connection, request.line(self._number), deadline)
            return _read_answer(line, self._number)
        except BaseException as error:
            # Also after an interrupt: an answer that nobody waits for must not be taken for the next one.
            if not isinstance(error, Refused) or not error._has_id or _ends_connection(error):
                self._drop()
            raise
        finally:
            self._lock.release()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self, deadline: float) -> socket.socket:
        if self._socket is not None:
            # Nothing is asked, so all that there could be is the end, or a line on why it ends.
            try:
                self._socket.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return self._socket
            except OSError:
                pass
            self._drop()
        tries = 0
        while True:
            try:
                self._socket = self._connect_once()
                return self._socket
            except (_Away, _NoRoom) as error:
                pause = self._pause_before_connecting(error, tries, deadline - time.monotonic())
            tries += 1
            time.sleep(pause)

    def _exchange(self, connection: socket.socket, line: bytes, deadline: float) -> bytes:
        sent = 0
        while sent < len(line):
            try:
                sent += connection.send(line[sent:])
            except BlockingIOError:
                _wait(connection, select.POLLOUT, deadline)
            except OSError:
                break  # The daemon has closed, perhaps behind a line that says why.
        received = bytearray()
        while True:
            try:
                more = connection.recv(1 << 18)
            except BlockingIOError:
                _wait(connection, select.POLLIN, deadline)
                continue
            except OSError:
                more = b""
            if not more:
                raise ConnectionLost(may_be_carried_out=sent == len(line))
            end = more.find(b"\n")
            received += more
            if len(received) - (end >= 0) > _LONGEST_ANSWER:
                raise ProtocolViolation("the daemon's answer is longer than 16 MiB")
            if end >= 0:
                if end != len(more) - 1:
                    raise ProtocolViolation("the daemon sent more than one answer")
                return bytes(received[:-1])


def _wait(connection: socket.socket, events: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(connection, events)
    left = deadline - time.monotonic()
    # poll(2) counts whole milliseconds: one more, so that it does not end early again and again.
    if left <= 0 or not poll.poll(min(int(left * 1000) + 1, 2**31 - 1)):
        raise TimedOut("the daemon did not answer in time; it may have carried out the request")


class _Pending:
    """A request in flight. One that nobody waits for any more keeps its place, so that its answer is dropped."""

    __slots__ = ("end", "future", "number", "since")

    def __init__(self, future: asyncio.Future[bytes], number: int, end: int, since: float) -> None:
        self.future = future
        self.number = number
        self.end = end  # bytes of the connection's output up to the end of its line
        self.since = since


class _Connection:
    """One connection of an AsyncClient, and the requests in flight on it, in the order of their answers."""

    def __init__(self, made: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.is_open = True  # takes requests
        self._socket: Optional[socket.socket] = made
        self._pending: Deque[_Pending] = deque()
        self._waiting = 0  # of the pending ones, those that somebody waits for
        self._out = bytearray()
        self._appended = self._sent = 0
        self._in = bytearray()
        self._scanned = 0
        self._is_flushing = False
        self._last_answer = loop.time()
        self._is_refused = False
        loop.add_reader(made, self._receive)

    async def exchange(self, line: bytes, number: int, deadline: float) -> bytes:
        future: asyncio.Future[bytes] = self.loop.create_future()
        self._out += line
        self._appended += len(line)
        pending = _Pending(future, number, self._appended, self.loop.time())
        self._pending.append(pending)
        self._waiting += 1
        if not self._is_flushing:
            # At the end of this turn of the loop, with what other tasks add until then.
            self._is_flushing = True
            self.loop.call_soon(self._send)
        timer = self.loop.call_at(deadline, self._expire, pending)
        try:
            return await future
        finally:
            timer.cancel()
            self._waiting -= 1
            if not self.is_open and self._waiting == 0:
                self.end()

    def has_refused(self) -> None:
        """An answer was a refusal that ends the connection: nothing that stands behind it is carried out."""
        self._is_refused = True
        self.is_open = False
        if self._waiting == 0:
            self.end()

    def abandon(self) -> None:
        """Closes it in the child of a fork, whose event loop has the parent's registrations in common with it."""
        self.is_open = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def end(self, violation: Optional[str] = None, *, is_closed: bool = False) -> None:
        """Ends it and all that is in flight.

        violation: what broke the protocol; None: the connection merely broke, or was closed by its user.
        """
        self.is_open = False
        if self._socket is None:
            return
        if not self.loop.is_closed():
            self.loop.remove_reader(self._socket)
            self.loop.remove_writer(self._socket)
        self._socket.close()
        self._socket = None
        while self._pending:
            pending = self._pending.popleft()
            if pending.future.done() or self.loop.is_closed():
                continue
            error: SignetError
            if violation is not None:
                error = ProtocolViolation(violation)
            else:
                error = ConnectionLost(pending.end <= self._sent and not self._is_refused)
                error._is_final = is_closed
            pending.future.set_exception(error)

    def _expire(self, pending: _Pending) -> None:
        if pending.future.done():
            return
        message = "the daemon did not answer in time; it may have carried out the request"
        pending.future.set_exception(TimedOut(message))
        # Nothing has come in all the time: the next calls had better try another connection.
        if self._last_answer <= pending.since:
            self.is_open = False

    def _send(self) -> None:
        if self._socket is None:
            return
        try:
            while self._out:
                count = self._socket.send(self._out)
                self._sent += count
                del self._out[:count]
        except BlockingIOError:
            self.loop.add_writer(self._socket, self._send)
            return
        except OSError:
            # The daemon has closed, perhaps behind a line that is still to be read. The end of the stream is near.
            self.is_open = False
            self._out.clear()
        self._is_flushing = False
        self.loop.remove_writer(self._socket)

    def _receive(self) -> None:
        if self._socket is None:
            return
        try:
            more = self._socket.recv(1 << 18)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            more = b""
        if not more:
            return self.end()
        self._in += more
        self._last_answer = self.loop.time()
        start = 0
        while (end := self._in.find(b"\n", max(start, self._scanned))) >= 0:
            if end - start > _LONGEST_ANSWER:
                break
            if not self._pending:
                # A line that nobody asked for: it says why the connection ends, or nothing can be trusted.
                return self.end()
            pending = self._pending.popleft()
            if not pending.future.done():
                pending.future.set_result(bytes(self._in[start:end]))
            start = end + 1
        del self._in[:start]
        self._scanned = len(self._in)
        if self._scanned > _LONGEST_ANSWER:
            self.end("the daemon's answer is longer than 16 MiB")


class AsyncClient(_Base):
    """A client for any number of tasks of one event loop, which share one connection; their requests travel together.

    Its parameters are those of `Client`. Cancelling a task leaves the connection sound for the others.
    """

    def __init__(
        self, socket_path: Optional[str] = None, *, timeout: float = 5.0, trusted_uids: Optional[Iterable[int]] = None
    ) -> None:
        super().__init__(socket_path, timeout=timeout, trusted_uids=trusted_uids)
        self._connection: Optional[_Connection] = None

    async def sign(
        self, claims: Optional[Mapping[str, Any]] = None, *, profile: Optional[str] = None, ttl: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> str:  # fmt: skip
        """Signs a token that lives `ttl` seconds, or as long as the profile says. Keep it out of logs."""
        return (await self.signed_token(claims, profile=profile, ttl=ttl, timeout=timeout)).token

    async def signed_token(
        self, claims: Optional[Mapping[str, Any]] = None, *, profile: Optional[str] = None, ttl: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> SignedToken:  # fmt: skip
        """Signs a token, as `sign` does, and says more about it."""
        return _signed_token(await self._call(_sign_request(claims, profile, ttl), timeout))

    async def verify(
        self, token: str, *, profile: Optional[str] = None, audience: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> VerifiedToken:  # fmt: skip
        """Verifies a token; raises InvalidToken if it does not hold in every respect.

        audience: the audience that it must name. None: any that the caller may verify for.
        """
        return _verified_token(await self._call(_verify_request(token, profile, audience), timeout))

    async def ping(self, *, timeout: Optional[float] = None) -> Pong:
        """Asks for the daemon's version."""
        return _pong(await self._call(_request("ping", {}), timeout))

    async def close(self) -> None:
        """Ends the connection and what is in flight on it. A later call makes a new one."""
        if self._connection is not None:
            self._connection.end(is_closed=True)
            self._connection = None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, request: _Request, timeout: Optional[float]) -> Dict[str, Any]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (self.timeout if timeout is None else timeout)
        repeats = _Repeats(request)
        while True:
            try:
                return await self._attempt(loop, request, deadline)
            except (Refused, ConnectionLost) as error:
                pause = repeats.pause(error, deadline - loop.time())
                if pause is None:
                    raise
            await asyncio.sleep(max(pause, 0))

    async def _attempt(self, loop: asyncio.AbstractEventLoop, request: _Request, deadline: float) -> Dict[str, Any]:
        connection = await self._connected(loop, deadline)
        self._number += 1
        number = self._number
        line = await connection.exchange(request.line(number), number, deadline)
        try:
            return _read_answer(line, number)
        except ProtocolViolation as error:
            # The lines may no longer match the requests: nothing on this connection can be trusted.
            connection.end(str(error))
            raise
        except Refused as error:
            if _ends_connection(error):
                connection.has_refused()
            raise

    async def _connected(self, loop: asyncio.AbstractEventLoop, deadline: float) -> _Connection:
        tries = 0
        while True:
            current = self._connection
            if current is not None and current.is_open and current.loop is loop and self._process == os.getpid():
                return current
            try:
                made = self._connect_once()
            except (_Away, _NoRoom) as error:
                pause = self._pause_before_connecting(error, tries, deadline - loop.time())
            else:
                if current is not None and self._process != os.getpid():
                    current.abandon()
                elif current is not None and current.loop is not loop:
                    current.end()
                self._process = os.getpid()
                self._connection = _Connection(made, loop)
                return self._connection
            tries += 1
            await asyncio.sleep(pause)
