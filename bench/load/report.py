"""Tables of what was measured."""

# The most that 95 of 100 requests may take, in ms; what has none is told without one.
LIMITS = {"authentication": 100, "companies": 200, "predictions": 300, "dashboards": 300, "single scores": 300,
          "uploads": 500}
FLAT = {True: "yes", False: "no", None: ""}


def ms(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def errors_of(step, **wanted):
    """Reason × count of the errors of a class or an operation."""
    found = {}
    for error in step["errors"]:
        if all(error[key] == value for key, value in wanted.items()):
            found[error["why"]] = found.get(error["why"], 0) + error["count"]
    return ", ".join(f"{why} × {count}" for why, count in sorted(found.items())) or "0"


def missed(step):
    """Classes whose p95 is above its limit."""
    return [name for name, limit in LIMITS.items() if (step["classes"][name]["p95"] or 0) > limit]


def broken(step):
    """Why a step is not within the limits; nothing when it is."""
    over = [f"p95 of {name} {ms(step['classes'][name]['p95'])} ms" for name in missed(step)]
    kinds = sorted({f"{error['operation']}: {error['why']}" for error in step["errors"]})
    return "; ".join(over + kinds)


def classes(steps):
    lines = ["| people | class | requests | p50 ms | p95 ms | p99 ms | max ms | limit of p95 | within | errors |",
             "|---:|---|" + "---:|" * 6 + "---|---|"]
    for step in steps:
        for name, f in step["classes"].items():
            limit = LIMITS.get(name)
            within = "" if limit is None or f["p95"] is None else "yes" if f["p95"] <= limit else "no"
            lines.append(f"| {step['people']:,} | {name} | {f['count']:,} | {ms(f['p50'])} | {ms(f['p95'])} | {ms(f['p99'])} "
                         f"| {ms(f['max'])} | {limit or ''} | {within} | {errors_of(step, **{'class': name})} |")
        ended = step["uploads_ended"]
        lines.append(f"| {step['people']:,} | uploads, to their end | {ended['count']:,} | {ms(ended['p50'])} "
                     f"| {ms(ended['p95'])} | {ms(ended['p99'])} | {ms(ended['max'])} | | | |")
    return lines


def operations(step):
    lines = ["| request | class | requests | p50 ms | p95 ms | p99 ms | max ms | errors |", "|---|---|" + "---:|" * 5 + "---|"]
    for name, f in step["operations"].items():
        lines.append(f"| {name} | {f['class']} | {f['count']:,} | {ms(f['p50'])} | {ms(f['p95'])} | {ms(f['p99'])} "
                     f"| {ms(f['max'])} | {errors_of(step, operation=name)} |")
    return lines


def rate(step):
    """Requests a second."""
    return step["requests"] / step["seconds"]


def parts(steps):
    lines = ["| people | requests/s | actions/s | rows/s | cores of the server | worker | PostgreSQL | Redis | load |",
             "|" + "---:|" * 9]
    for step in steps:
        cores = step["cores"]
        lines.append(f"| {step['people']:,} | {rate(step):.1f} | {step['actions'] / step['seconds']:.1f} "
                     f"| {step['rows'] / step['seconds']:,.0f} "
                     + " ".join(f"| {cores[part]:.2f}" for part in ("server", "worker", "postgres", "redis", "load")) + " |")
    return lines


def trends(steps):
    lines = ["| people | | first quarter | last quarter | the second half points to | bound | flat |",
             "|---:|---|" + "---:|" * 4 + "---|"]
    for step in steps:
        for t in step["trends"]:
            unit = f" {t['unit']}" if t["unit"] else ""
            lines.append(f"| {step['people']:,} | {t['name']} | {t['first_quarter']:,.1f}{unit} | {t['last_quarter']:,.1f}{unit} "
                         f"| {t['growth_of_second_half']:+,.1f}{unit} | {t['bound']:,.1f}{unit} | {FLAT[t['flat']]} |")
    return lines


def saturation(steps):
    lines = ["| s to think | requests/s | rows/s | worst p95 of its limit | what is not within |", "|---:|---:|---:|---|---|"]
    for step in steps:
        worst = max(LIMITS, key=lambda name: (step["classes"][name]["p95"] or 0) / LIMITS[name])
        p95 = step["classes"][worst]["p95"]
        lines.append(f"| {step['think']:g} | {rate(step):,.0f} | {step['rows'] / step['seconds']:,.0f} "
                     f"| {worst}: {ms(p95)} of {LIMITS[worst]} ms | {broken(step)} |")
    return lines
