"""Stands in for the balancer: the first port answers as who has the traffic, the second as the standby side.

FAKE_FAULT says which of them is not sound: standby-smoke or people-smoke, and only while the new release answers.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(os.environ["FAKE_DIR"])


def answering(state: dict, public: bool) -> str:
    if not public:
        return state.get("standby", "")
    views = [service["view"] for service in state["services"].values()]
    sets = [s["taskDefinition"] for view in views for s in view.get("taskSets", []) if s["status"] == "PRIMARY"]
    return sets[0] if sets else views[0]["taskDefinition"]


def serve(port: int, public: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state = json.loads((FOLDER / "state.json").read_text())
            fault = (FOLDER / "fault").read_text().strip()
            bad = fault == ("people-smoke" if public else "standby-smoke") and answering(state, public) not in state["sound"]
            database = "unhealthy" if bad else "healthy"
            body = json.dumps({"services": {"database": {"status": database}, "redis": {"status": "healthy"}, "ml_models": {"loaded": True}}})
            self.send_response(401 if self.path.startswith("/api/") else 200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


threading.Thread(target=serve, args=(int(sys.argv[1]), True), daemon=True).start()
serve(int(sys.argv[2]), False)
