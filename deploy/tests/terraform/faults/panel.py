"""Puts each fault of faults.py into a copy of deploy/ and tells which layer finds it.

Usage: panel.py [NAME…]. Run by deploy/tests/terraform.sh, which sets TF_CLI_CONFIG_FILE. Fails when a fault is found by
no layer, by another than its own, or when the untouched copy does not pass.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from faults import ACCUNODE, FAULTS

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parents[2]
sys.path.insert(0, str(HERE.parent / "shadow"))
import check as shadow  # noqa: E402  the folder is known only now

PROD = ["-var-file=phases/startup.tfvars", "-var-file=environments/prod.tfvars"]


class Copy:
    """A copy of deploy/ with initialised folders, whose files can be changed and put back."""

    def __init__(self, root):
        self.root = root
        for part in ("terraform", "tests"):
            shutil.copytree(DEPLOY / part, root / part, ignore=shutil.ignore_patterns(".terraform*"))
        self.ready = set()

    def terraform(self, folder, *arguments, timeout=600):
        where = self.root / "terraform" / folder
        if folder not in self.ready:
            self.ready.add(folder)
            self.run(where, ["init", "-backend=false", "-input=false"], timeout)
        return self.run(where, list(arguments), timeout)

    def run(self, where, arguments, timeout):
        command = ["terraform", *arguments[:1], "-no-color", *arguments[1:]]
        return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=timeout)

    def validate(self):
        results = [self.terraform(stack, "validate") for stack in (ACCUNODE, "stacks/counselor")]
        return all(done.returncode == 0 for done in results)

    def test(self, folder):
        if folder == ACCUNODE:
            both = ["-filter=tests/phase_startup.tftest.hcl", "-filter=tests/promises.tftest.hcl"]
            return self.terraform(ACCUNODE, "test", *both, *PROD).returncode == 0
        if ":" in folder:
            stack, environment = folder.split(":")
            only = [f"-filter=tests/{environment}.tftest.hcl", f"-var-file=environments/{environment}.tfvars"]
            return self.terraform(stack, "test", *only).returncode == 0
        return self.terraform(folder, "test").returncode == 0

    def shadow(self):
        """Looks at what the stack becomes with the mocked provider, where every value is known."""
        done = self.terraform(ACCUNODE, "test", "-json", "-verbose", "-filter=tests/phase_startup.tftest.hcl", *PROD)
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        states = [{"values": m["test_state"]} for m in messages if m["type"] == "test_state" and m["@testrun"] == "startup"]
        if len(states) != 1:
            raise SystemExit(f"terraform test showed no state:\n{done.stdout[-2000:]}")
        return not shadow.lint(states[0])[1]


def finder(copy, layer, folder):
    """The first layer that finds something; None when there is none."""
    if not copy.validate():
        return "validate"
    if layer in ("test", "shadow") and not copy.test(folder or ACCUNODE):
        return "test"
    if layer == "shadow" and not copy.shadow():
        return "shadow"
    return None


def put_in(copy, fault):
    """Changes the file, and returns what puts it back."""
    name, _, file, text, becomes, _ = fault
    path = copy.root / "terraform" / file
    before = path.read_text()
    if text not in before:
        raise SystemExit(f"fault '{name}': {file} no longer holds what it replaces")
    path.write_text(before.replace(text, becomes))
    return lambda: path.write_text(before)


def panel(copy, faults):
    """Names of the faults that were not found as they should be."""
    wrong = []
    for fault in faults:
        name, layer, _, _, _, folder = fault
        put_back = put_in(copy, fault)
        try:
            found = finder(copy, layer, folder)
        finally:
            put_back()
        right = found == layer
        print(f"  {'ok' if right else 'WRONG'}: {name}: found by {found or 'nothing'}" + ("" if right else f", not by {layer}"), flush=True)
        if not right:
            wrong.append(name)
    return wrong


def main(names):
    faults = [fault for fault in FAULTS if not names or fault[0] in names]
    with tempfile.TemporaryDirectory(prefix="faults.") as folder:
        copy = Copy(Path(folder))
        if not copy.shadow():
            raise SystemExit("FAILED: the shadow check finds faults where none was put in")
        wrong = panel(copy, faults)
    if wrong:
        raise SystemExit(f"FAILED: {len(wrong)} of {len(faults)} faults: {', '.join(wrong)}")
    print(f"  ok: {len(faults)} faults, each found by its layer")


if __name__ == "__main__":
    main(sys.argv[1:])
