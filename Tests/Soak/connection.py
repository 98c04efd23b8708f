"""One connection as any user, with what well-behaved libraries do not let one do."""

import array
import asyncio
import fcntl
import grp
import os
import select
import socket
import termios

from judge import Mismatch

# Longer than any answer takes on a slow machine.
PATIENCE = 120


class Connection:
    """As `who`, whose identity the kernel notes when it connects."""

    def __init__(self, path, who):
        self.who = who
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.buffer = bytearray()
        self.ended = False
        with_own = (os.getegid(), os.geteuid(), os.getgroups())
        try:
            os.setgroups([grp.getgrnam(name).gr_gid for name in who.groups if name])
            os.setegid(who.gid)
            os.seteuid(who.uid)
            self.socket.connect(path)
        finally:
            os.seteuid(with_own[1])
            os.setegid(with_own[0])
            os.setgroups(with_own[2])
        self.socket.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    async def send(self, data):
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(self.socket, data), PATIENCE)

    def end_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    async def line(self, size=65_536):
        """The next answer without its LF; None at the end."""
        while b"\n" not in self.buffer:
            if self.ended:
                if self.buffer:
                    raise Mismatch(None, "whole lines", "an end inside of one", bytes(self.buffer[-300:]))
                return None
            try:
                data = await asyncio.wait_for(
                    asyncio.get_running_loop().sock_recv(self.socket, size), PATIENCE)
            except ConnectionResetError:
                data = b""
            self.ended = not data
            self.buffer += data
        answer, _, rest = bytes(self.buffer).partition(b"\n")
        self.buffer = bytearray(rest)
        return answer

    async def ask(self, judge, requests, reading=None):
        """Sends lines in one go and has every answer judged; `reading` delays the reader."""
        for request in requests:
            request.stamp()
        sending = asyncio.create_task(self.send(b"".join(request.line for request in requests)))
        try:
            for number, request in enumerate(requests):
                if reading:
                    await reading(number)
                answer = await self.line()
                if answer is None:
                    raise Mismatch(request, "an answer", "the end of the connection")
                judge(request, answer)
            await sending
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def expect_end(self):
        if await self.line() is not None:
            raise Mismatch(None, "the end of the connection", "another line")

    async def unread_lines(self, count):
        """So many answers as they lie in the socket, where they stay unread."""
        while True:
            try:
                lines = self.socket.recv(1 << 20, socket.MSG_PEEK).split(b"\n")
            except BlockingIOError:
                lines = []
            if len(lines) > count:
                return lines[:count]
            await asyncio.sleep(0.005)

    async def until_read(self):
        """Waits until the daemon has read all that was sent."""
        unsent = array.array("i", [1])
        while True:
            fcntl.ioctl(self.socket, termios.TIOCOUTQ, unsent)
            if unsent[0] == 0:
                return
            await asyncio.sleep(0.01)

    async def until_cut(self):
        """Waits until the daemon has closed it, without reading."""
        poll = select.poll()
        poll.register(self.socket, 0)
        for _ in range(PATIENCE * 20):
            if poll.poll(0):
                return
            await asyncio.sleep(0.05)
        raise Mismatch(None, "the end of the connection", "none")
