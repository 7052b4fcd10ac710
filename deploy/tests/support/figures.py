"""Whether what watches AccuNode looks at figures that exist: each one in a rule or a dashboard is recorded by a rule or
listed in docs/metrics.md (a test of the server compares that list with what it serves), and each alert has its page."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
rules = (ROOT / "deploy/docker/prometheus/rules.yml").read_text()
recorded = set(re.findall(r"record: (\S+)", rules))
alerts = set(re.findall(r"alert: (\S+)", rules))
pages = {page.stem for page in (ROOT / "deploy/runbooks/alerts").glob("*.md")}
served = set(re.findall(r"^\| `([a-z_]+)`", (ROOT / "docs/metrics.md").read_text(), re.M))
NAME = re.compile(r"\b(?:accunode[:_]|process_)[a-z0-9_:]+")


def unknown(expression):
    names = NAME.findall(re.sub(r'"[^"]*"', "", expression))
    return {n for n in names if n not in recorded | served and re.sub(r"_(bucket|sum|count)$", "", n) not in served}


wrong = []
for line in re.split(r"\n {6}- ", rules)[1:]:
    wrong += [f"rules.yml: nothing makes {name}" for name in unknown(line.split("expr:", 1)[1].split("annotations:")[0])]
panels = 0
for file in sorted((ROOT / "deploy/docker/grafana/dashboards").glob("*.json")):
    for panel in json.loads(file.read_text())["panels"]:
        panels += 1
        for target in panel["targets"]:
            wrong += [f"{file.name}, {panel['title']}: nothing makes {name}" for name in unknown(target["expr"])]
wrong += [f"the alert {name} has no page in deploy/runbooks/alerts" for name in alerts - pages]
wrong += [f"deploy/runbooks/alerts/{name}.md is about no alert" for name in pages - alerts]
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(alerts)} alerts with a page each, {panels} panels: every figure is made by somebody")
