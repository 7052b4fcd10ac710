"""A name server that knows one name: names.py PORT-OR-ADDRESS:PORT NAME. Everything is 127.0.0.1, or unknown."""

import socket
import struct
import sys

address, port = sys.argv[1].rsplit(":", 1)
known = sys.argv[2].encode()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((address, int(port)))
print("ready", flush=True)
while True:
    query, client = server.recvfrom(512)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]])
        at += query[at] + 1
    question = query[12 : at + 5]
    kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
    found = b".".join(labels) == known
    answers = 1 if found and kind == 1 else 0
    header = query[:2] + struct.pack("!HHHHH", 0x8180 if found else 0x8183, 1, answers, 0, 0)
    body = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1") if answers else b""
    server.sendto(header + question + body, client)
