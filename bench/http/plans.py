"""The plans of the statements that a server really sends, told by PostgreSQL's auto_explain."""

import contextlib
import pathlib
import re

# Tables that grow with use: nothing hot may read the whole of one. What a plan holds ready and never begins reads nothing.
BIG = re.compile(r"Seq Scan on (companies|annual_predictions|quarterly_predictions|company_search|audit_log|sessions)\b"
                 r"(?![^\n]*never executed)")
ENTRY = re.compile(r"^[^\t\n]*?duration: ([\d.]+) ms  plan:\n((?:\t.*\n)*)", re.M)


class Log:
    """PostgreSQL's log, read from a mark on."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def mark(self):
        return self.path.stat().st_size

    def since(self, mark):
        """The last plan of each statement behind the mark: text of the statement, plan."""
        with open(self.path, "rb") as log:
            log.seek(mark)
            text = log.read().decode("utf-8", "replace")
        found = {}
        for _, body in ENTRY.findall(text):
            lines = [line[1:] for line in body.splitlines()]
            at = next((i for i, line in enumerate(lines) if "(cost=" in line), None)
            if at is None:
                continue
            statement = " ".join(" ".join(lines[:at]).removeprefix("Query Text:").split())
            found.pop(statement, None)
            found[statement] = "\n".join(lines[at:])
        return found


@contextlib.contextmanager
def told(psql, database):
    """Lets new sessions tell the plan of every statement, with what it really read."""
    settings = {"session_preload_libraries": "'auto_explain'", "auto_explain.log_min_duration": "0",
                "auto_explain.log_analyze": "on", "auto_explain.log_buffers": "on", "log_min_messages": "log"}
    psql("-c", "LOAD 'auto_explain'", *(part for name, value in settings.items()
                                        for part in ("-c", f"ALTER DATABASE {database} SET {name} = {value}")))
    try:
        yield Log(pathlib.Path(psql("-c", "SHOW data_directory").strip()) / "log")
    finally:
        psql(*(part for name in settings for part in ("-c", f"ALTER DATABASE {database} RESET {name}")))


def short(statement, most=300):
    return statement if len(statement) <= most else f"{statement[:most]} …"


# Statements that are nobody's request: the queue's looking for work, and the beginning of a session.
BACKGROUND = ("FROM job ", "set_config(")


def chapter(planned):
    """Lines of Markdown: the plans of each operation, and a verdict."""
    lines, verdicts, shown = [], {}, set()
    for name, found in planned:
        lines += [f"### {name}", ""]
        for statement, plan in found.items():
            if statement in shown or any(mark in statement for mark in BACKGROUND):
                continue
            shown.add(statement)
            lines += [f"`{short(statement)}`", "", "```text", plan, "```", ""]
            verdicts |= {f"- {name}: {match.group(0)}": None for match in BIG.finditer(plan)}
    verdict = ["No statement reads the whole of a table that grows."] if not verdicts else [
        "These read the whole of a table that grows:", *verdicts]
    return ["## Plans", "", "Each statement once, under the operation that first sent it.", *verdict, "", *lines]
