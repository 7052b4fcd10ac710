"""Has checkov look at a plan. Every finding is either in SKIPS with its reason, or a failure.

Usage: check.py CHECKOV PLAN.json, where CHECKOV is the folder of the Python environment that holds it.
"""

import json
import re
import subprocess
import sys

from skips import SKIPS


def findings(checkov, plan):
    command = [f"{checkov}/bin/checkov", "-f", plan, "--framework", "terraform_plan", "-o", "json", "--compact", "--quiet", "--skip-download"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise SystemExit(f"checkov failed: {done.stdout[-500:]}{done.stderr[-1500:]}") from None
    passed = report["summary"]["passed"]
    if passed < 100:
        raise SystemExit(f"checkov looked at too little: {report['summary']}")
    failed = [(c["check_id"], c["resource"], c["check_name"]) for c in report["results"]["failed_checks"]]
    return passed, failed


def reason(check, resource):
    return next((why for known, where, why in SKIPS if known == check and re.search(where, resource)), None)


def main(checkov, plan):
    passed, failed = findings(checkov, plan)
    new = [f for f in failed if not reason(f[0], f[1])]
    for check, resource, name in new:
        print(f"  {check} {resource}: {name}")
    if new:
        raise SystemExit(f"FAILED: checkov has {len(new)} findings without a reason in skips.py")
    print(f"  ok: checkov passes {passed} checks, {len(failed)} findings have a reason")


if __name__ == "__main__":
    main(*sys.argv[1:3])
