"""A mail server that keeps the links of password resets, and refuses some addresses for good."""

import email
import pathlib
import re
import socketserver
import threading

# The job of a mail to such an address dies at once.
REFUSED = "refused.example"


class Conversation(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to be given a mail."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 post")
        to = ""
        while line := self.rfile.readline().decode(errors="replace").strip():
            command = line[:4].upper()
            if command == "RCPT":
                to = line.partition("<")[2].partition(">")[0].lower()
                self.say("550 nobody of this name" if to.endswith("@" + REFUSED) else "250 well")
            elif command == "DATA":
                self.say("354 go on")
                self.server.keep(to, b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say("250 taken")
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 well")


class Post(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def keep(self, to, mail):
        """The token of the last link that was mailed to an address, in a file of its name."""
        text = email.message_from_bytes(mail).get_payload(decode=True) or b""
        token = re.search(rb"reset-password\?token=([\w-]+)", text)
        if token and re.fullmatch(r"[\w.@-]+", to):
            part = self.folder / f".{to}.part"
            part.write_bytes(token[1])
            part.replace(self.folder / to)
