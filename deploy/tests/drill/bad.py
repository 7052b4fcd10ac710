"""A release that is no good: answers as its kind says, and notes every request that came through the balancer."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KIND, NOTES = sys.argv[1], sys.argv[2]


def health(database: str) -> bytes:
    parts = {
        "database": {"status": database},
        "redis": {"status": "healthy"},
        "ml_models": {"loaded": True},
    }
    return json.dumps({"status": database, "services": parts}).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        through_balancer = "X-Forwarded-For" in self.headers
        if through_balancer:
            with open(NOTES, "a") as notes:
                notes.write(self.path + "\n")
        status, body = self.answer(through_balancer)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def answer(self, through_balancer: bool) -> tuple[int, bytes]:
        if KIND == "unhealthy":
            return 503, b"not well"
        # Sound to look at, and useless as soon as people come.
        if KIND == "later" and through_balancer:
            return 500, b"failed"
        if self.path == "/health":
            return 200, health("unhealthy" if KIND == "no-database" else "healthy")
        return (401 if self.path.startswith("/api/") else 200), b""

    def log_message(self, *_args: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
