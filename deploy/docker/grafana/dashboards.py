"""Writes the dashboards of Grafana: `python3 deploy/docker/grafana/dashboards.py` after a change here; with `--check` it
only says whether the files are those that it would write."""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
JOB = 'job="accunode"'


def panel(title, kind, width, *series, unit="short", limit=None, note="", stacked=False):
    """A picture of some series, each an expression and what it is called; `limit` draws the line of what is promised."""
    targets = [
        {"refId": chr(65 + n), "expr": expression, "legendFormat": legend}
        for n, (expression, legend) in enumerate(series)
    ]
    steps = [{"color": "green", "value": None}]
    if limit is not None:
        steps.append({"color": "red", "value": limit})
    custom = {"fillOpacity": 10 if stacked else 0, "stacking": {"mode": "normal" if stacked else "none"}}
    if limit is not None:
        custom["thresholdsStyle"] = {"mode": "line"}
    defaults = {"unit": unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    if kind == "timeseries":
        defaults["custom"] = custom
    return {
        "type": kind,
        "title": title,
        "description": note,
        "datasource": SOURCE,
        "gridPos": {"w": width, "h": 8},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": targets,
    }


def lines(title, *series, width=12, **options):
    return panel(title, "timeseries", width, *series, **options)


def figure(title, expression, **options):
    return panel(title, "stat", 6, (expression, ""), **options)


def slow(title, route_class, limit):
    p95 = f'accunode:http_request_duration_seconds:p95_5m{{route_class="{route_class}"}}'
    return lines(title, (p95, "p95"), width=6, unit="s", limit=limit, note="The red line is what is promised.")


def same(expression):
    """Every process tells these figures of what all share: one is enough."""
    return f"max by (lane) ({expression})"


DASHBOARDS = {
    "requests": (
        "requests",
        [
            figure("Requests a second", "sum(accunode:http_requests:rate5m)", unit="reqps"),
            figure("Server errors", "accunode:http_errors:share_5m", unit="percentunit", limit=0.05),
            figure("Mean time", "accunode:http_request_duration_seconds:mean_5m", unit="s", limit=0.5),
            figure("Under way", f"sum(accunode_http_requests_in_flight{{{JOB}}})"),
            slow("Authentication", "auth", 0.1),
            slow("Companies", "companies", 0.2),
            slow("Predictions", "predictions", 0.3),
            slow("Uploads", "uploads", 0.5),
            lines("Requests by class", ("accunode:http_requests:rate5m", "{{route_class}}"), unit="reqps", stacked=True),
            lines(
                "Answers by status",
                (f"sum by (status) (rate(accunode_http_requests_total{{{JOB}}}[5m]))", "{{status}}"),
                unit="reqps",
            ),
            lines(
                "Slowest routes, p95",
                (
                    "topk(10, histogram_quantile(0.95, sum by (route, le) "
                    f"(rate(accunode_http_request_duration_seconds_bucket{{{JOB}}}[5m]))))",
                    "{{route}}",
                ),
                unit="s",
            ),
            lines(
                "Turned away",
                (f"sum by (class) (rate(accunode_rate_limited_total{{{JOB}}}[5m]))", "limit: {{class}}"),
                (f"sum by (reason) (rate(accunode_login_failures_total{{{JOB}}}[5m]))", "sign-in: {{reason}}"),
                unit="reqps",
            ),
            lines(
                "Cache",
                (f"sum by (outcome) (rate(accunode_cache_requests_total{{{JOB}}}[5m]))", "{{outcome}}"),
                unit="reqps",
                stacked=True,
            ),
        ],
    ),
    "queue": (
        "queue and workers",
        [
            figure("Waiting jobs", "accunode:queue_ready", limit=50),
            figure("Workers", f"max(accunode_workers{{{JOB}}})"),
            figure("Waiting jobs a worker", f"max(accunode_queue_backlog_per_worker{{{JOB}}})"),
            figure("Rows a second", f"max(accunode_queue_rows_per_second{{{JOB}}})"),
            lines(
                "Waiting by lane",
                (same(f'accunode_queue_jobs{{{JOB}, state="ready"}}'), "{{lane}}"),
                stacked=True,
                limit=50,
            ),
            lines("Longest wait", (same(f"accunode_queue_oldest_wait_seconds{{{JOB}}}"), "{{lane}}"), unit="s", limit=300),
            lines(
                "Ends of jobs",
                (f"sum by (kind, outcome) (rate(accunode_jobs_total{{{JOB}}}[5m]))", "{{kind}}: {{outcome}}"),
                unit="ops",
            ),
            lines(
                "Time a job takes, p95",
                (
                    "histogram_quantile(0.95, sum by (kind, le) "
                    f"(rate(accunode_job_duration_seconds_bucket{{{JOB}}}[5m])))",
                    "{{kind}}",
                ),
                unit="s",
            ),
            lines(
                "Rows scored",
                (f"sum by (kind) (rate(accunode_scored_rows_total{{{JOB}}}[5m]))", "{{kind}}"),
                unit="rowsps",
            ),
            lines(
                "Share of time spent scoring",
                (f"rate(accunode_scoring_seconds_total{{{JOB}}}[5m])", "{{instance}}"),
                unit="percentunit",
            ),
            lines("Jobs that have died", (f'max(accunode_queue_jobs{{{JOB}, state="dead"}})', "dead"), limit=1),
        ],
    ),
    "processes": (
        "processes and what is behind them",
        [
            figure("Processes that answer", f"sum(up{{{JOB}}})"),
            figure("Versions at work", f"count(count by (version, commit) (accunode_build_info{{{JOB}}}))", limit=2),
            figure(
                "Database's connections taken",
                f"max(accunode_db_server_connections{{{JOB}}}) / max(accunode_db_server_connections_max{{{JOB}}})",
                unit="percentunit",
                limit=0.8,
            ),
            figure(
                "Redis's memory taken",
                f"max(accunode_redis_memory_used_bytes{{{JOB}}}) / (max(accunode_redis_memory_max_bytes{{{JOB}}}) > 0)",
                unit="percentunit",
                limit=0.9,
            ),
            lines("CPU", ("accunode:cpu_share_5m", "{{instance}}"), unit="percentunit", limit=0.8),
            lines("Memory", (f"process_resident_memory_bytes{{{JOB}}}", "{{instance}}"), unit="bytes"),
            lines("Open files", (f"process_open_fds{{{JOB}}}", "{{instance}}")),
            lines(
                "Connections to the database",
                (f"sum by (instance, state) (accunode_db_connections{{{JOB}}})", "{{instance}}: {{state}}"),
                (f"sum by (instance) (accunode_db_connections_max{{{JOB}}})", "{{instance}}: at most"),
            ),
            lines(
                "Wait for a connection, p95",
                (
                    "histogram_quantile(0.95, sum by (pool, le) "
                    f"(rate(accunode_db_pool_wait_seconds_bucket{{{JOB}}}[5m])))",
                    "{{pool}}",
                ),
                unit="s",
            ),
            lines("Redis answers", (f"accunode_redis_up{{{JOB}}}", "{{instance}}")),
            lines("Up since", (f"time() - process_start_time_seconds{{{JOB}}}", "{{instance}}"), unit="s"),
        ],
    ),
}


def laid_out(panels):
    """Places panels from left to right and top to bottom; a row is 24 wide."""
    x = y = 0
    for number, one in enumerate(panels, 1):
        place = one["gridPos"]
        if x + place["w"] > 24:
            x, y = 0, y + place["h"]
        one["id"] = number
        place.update(x=x, y=y)
        x += place["w"]
    return panels


def main():
    check = sys.argv[1:] == ["--check"]
    for uid, (title, panels) in DASHBOARDS.items():
        dashboard = {
            "uid": f"accunode-{uid}",
            "title": f"AccuNode: {title}",
            "tags": ["accunode"],
            "schemaVersion": 39,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "panels": laid_out(panels),
        }
        text = json.dumps(dashboard, indent=2) + "\n"
        file = FOLDER / f"{uid}.json"
        if check and (not file.exists() or file.read_text() != text):
            sys.exit(f"{file.name} is not what dashboards.py writes: run it")
        if not check:
            file.write_text(text)


main()
