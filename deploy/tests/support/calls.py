"""Calling other programs and saying what became of it, for compose.py."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any, NoReturn


def stop(text: str) -> NoReturn:
    sys.exit(f"compose: FAILED: {text}")


def say(text: str) -> None:
    print(f"compose: {text}", flush=True)


def call(*command: str, **more: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        stop(f"{shlex.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]
