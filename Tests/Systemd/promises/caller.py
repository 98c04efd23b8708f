"""What a service does: asks the daemon for one thing and prints the answer. usage: caller.py REQUEST"""
import socket
import sys

signet = socket.socket(socket.AF_UNIX)
signet.connect("/run/signet/signet.sock")
signet.sendall(sys.argv[1].encode() + b"\n")
print(signet.makefile().readline(), end="")
