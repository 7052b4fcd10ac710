"""Puts each fault of faults.py into a copy of deploy/ and tells which layer finds it.

Usage: panel.py [NAME…]. Run by deploy/tests/terraform.sh, which sets TF_CLI_CONFIG_FILE. Fails when a fault is found by
no layer, by another than its own, or when the untouched copy does not pass.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from faults import ACCUNODE, COUNSELOR, FAULTS

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
        self.said = ""

    def terraform(self, folder, *arguments, timeout=1800):
        where = self.root / "terraform" / folder
        if folder not in self.ready:
            self.ready.add(folder)
            self.run(where, ["init", "-backend=false", "-input=false"], timeout)
        return self.run(where, list(arguments), timeout)

    def run(self, where, arguments, timeout):
        command = ["terraform", *arguments[:1], "-no-color", *arguments[1:]]
        return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=timeout)

    def validate(self, files):
        """Validates the stacks that the files belong to. AccuNode has every module."""
        stacks = {COUNSELOR if file.startswith(COUNSELOR) else ACCUNODE for file in files}
        results = [self.terraform(stack, "validate") for stack in sorted(stacks)]
        self.said = "".join(done.stdout + done.stderr for done in results if done.returncode != 0)
        return not self.said

    def test(self, folder):
        """Whether the tests of a folder pass, and what `terraform test` showed."""
        arguments = []
        if folder == ACCUNODE:
            arguments = ["-verbose", "-filter=tests/phase_startup.tftest.hcl", "-filter=tests/promises.tftest.hcl", *PROD]
        elif ":" in folder:
            folder, environment = folder.split(":")
            tag = f"{environment}-1a2b3c4-20260131120000"
            arguments = [f"-filter=tests/{environment}.tftest.hcl", f"-var-file=environments/{environment}.tfvars"]
            arguments += [f"-var={part}_image_tag={tag}" for part in ("frontend", "backend")]
        done = self.terraform(folder, "test", "-json", *arguments)
        return done.returncode == 0, done.stdout


def findings(shown):
    """What cfn-lint says about what the stack becomes with the mocked provider, where every value is known."""
    messages = [json.loads(line) for line in shown.splitlines()]
    states = [{"values": m["test_state"]} for m in messages if m["type"] == "test_state" and m["@testrun"] == "startup"]
    if len(states) != 1:
        raise SystemExit(f"terraform test showed no state:\n{shown[-2000:]}")
    return [message.lower() for _, _, message in shadow.lint(states[0])[1]]


def put_in(copy, fault):
    """Changes the file, and returns what puts it back."""
    name, _, file, text, becomes, _ = fault
    path = copy.root / "terraform" / file
    before = path.read_text()
    if text not in before:
        raise SystemExit(f"fault '{name}': {file} no longer holds what it replaces")
    path.write_text(before.replace(text, becomes))
    return lambda: path.write_text(before)


@contextlib.contextmanager
def all_in(copy, faults):
    backs = [put_in(copy, fault) for fault in faults]
    try:
        yield
    finally:
        for back in reversed(backs):
            back()


def told(fault, found):
    """Prints which layer found a fault; whether it is the right one."""
    name, layer = fault[:2]
    right = found == layer
    print(f"  {'ok' if right else 'WRONG'}: {name}: found by {found or 'nothing'}" + ("" if right else f", not by {layer}"), flush=True)
    return right


def validated(copy, faults):
    """Each fault of this layer alone; those of later layers all at once, for validation must see none of them."""
    wrong = []
    for fault in faults:
        if fault[1] == "validate":
            with all_in(copy, [fault]):
                found = None if copy.validate([fault[2]]) else "validate"
            if not told(fault, found):
                wrong.append(fault[0])
    later = [fault for fault in faults if fault[1] != "validate"]
    with all_in(copy, later):
        if later and not copy.validate({fault[2] for fault in later}):
            raise SystemExit(f"FAILED: `terraform validate` finds a fault that another layer should find:\n{copy.said}")
    return wrong


def tested(copy, faults):
    wrong = []
    for fault in faults:
        if fault[1] == "test":
            with all_in(copy, [fault]):
                passed, _ = copy.test(fault[5])
            if not told(fault, None if passed else "test"):
                wrong.append(fault[0])
    return wrong


def shadowed(copy, faults):
    """All at once: the tests must see none of them, and cfn-lint has to name each."""
    mine = [fault for fault in faults if fault[1] == "shadow"]
    with all_in(copy, mine):
        passed, shown = copy.test(ACCUNODE)
    if not passed:
        raise SystemExit("FAILED: the tests find a fault that the shadow check should find")
    said = findings(shown)
    return [fault[0] for fault in mine if not told(fault, "shadow" if any(f"'{fault[5].lower()}'" in s for s in said) else None)]


def main(names):
    faults = [fault for fault in FAULTS if not names or fault[0] in names]
    with tempfile.TemporaryDirectory(prefix="faults.") as folder:
        copy = Copy(Path(folder))
        passed, shown = copy.test(ACCUNODE)
        if not passed or findings(shown):
            raise SystemExit("FAILED: something is found where no fault was put in")
        wrong = validated(copy, faults) + tested(copy, faults) + shadowed(copy, faults)
    if wrong:
        raise SystemExit(f"FAILED: {len(wrong)} of {len(faults)} faults: {', '.join(wrong)}")
    print(f"  ok: {len(faults)} faults, each found by its layer")


if __name__ == "__main__":
    main(sys.argv[1:])
