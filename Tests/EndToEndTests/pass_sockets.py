"""Becomes a program that a service manager has passed sockets to (sd_listen_fds(3)).

usage: pass_sockets.py [--pid PID] [--names NAMES] [--fds N] KIND:NAME:PATH... -- PROGRAM ARGUMENT...
KIND: listen, stream (bound, does not listen) or datagram. The options say something else than what is true.
"""
import fcntl
import os
import socket
import sys

arguments = sys.argv[1:]
program = arguments[arguments.index("--") + 1 :]
arguments = arguments[: arguments.index("--")]
told = {}
while arguments and arguments[0].startswith("--"):
    told[arguments[0]] = arguments[1]
    arguments = arguments[2:]

sockets = []
names = []
for argument in arguments:
    kind, name, path = argument.split(":", 2)
    each = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    each.bind(path)
    os.chmod(path, 0o666)
    if kind == "listen":
        each.listen(64)
    names.append(name)
    sockets.append(os.dup(each.fileno()))
    each.close()
# First out of the way, where nobody else has one, then into their places.
sockets = [fcntl.fcntl(each, fcntl.F_DUPFD, 3 + len(sockets)) for each in sockets]
for position, each in enumerate(sockets):
    os.dup2(each, 3 + position, inheritable=True)
    os.close(each)
os.environ["LISTEN_PID"] = told.get("--pid", str(os.getpid()))
os.environ["LISTEN_FDS"] = told.get("--fds", str(len(sockets)))
listed = told.get("--names", ":".join(names))
if listed:
    os.environ["LISTEN_FDNAMES"] = listed
os.execv(program[0], program)
