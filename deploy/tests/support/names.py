"""A name server that knows what it is told: names.py ADDRESS:PORT NAME[=ADDRESS]… An address left out is 127.0.0.1."""

import socket
import struct
import sys

address, port = sys.argv[1].rsplit(":", 1)
known = {name.encode(): at or "127.0.0.1" for name, _, at in (word.partition("=") for word in sys.argv[2:])}
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
    found = known.get(b".".join(labels).lower())
    answers = 1 if found and kind == 1 else 0
    header = query[:2] + struct.pack("!HHHHH", 0x8180 if found else 0x8183, 1, answers, 0, 0)
    body = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(found) if answers else b""
    server.sendto(header + question + body, client)
