"""Carries out the stages of deploy/docker/Dockerfile before its last one, without the images that they begin with.

    stages.py DOCKERFILE FOLDER

Each stage has a folder in place of its file system: what COPY names is copied there (from what .dockerignore leaves of
the tree, or from another stage), and RUN is run there with this machine's Node and Rust. So a source that the build
needs and the Dockerfile does not copy is missed here as it would be there. Nothing is done while no input has changed.
What differs from a real build: the systems of the base images, their versions of Node and Rust, and their caches.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

# What a stage's folder has instead of these, which are the machine's own here.
KEPT = {"target", "node_modules"}


def stop(text: str) -> NoReturn:
    sys.exit(f"stages: {text}")


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Each instruction with its text, continued lines joined, comments left out."""
    lines = [line for line in dockerfile.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines()]  # type: ignore[misc]


def variables(text: str) -> dict[str, str]:
    """What an ENV sets."""
    return {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', text)}


class Ignored:
    """A .dockerignore: the last pattern that fits a path or a folder above it decides."""

    def __init__(self, file: Path) -> None:
        self.rules = []
        for line in file.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                keep, pattern = line.startswith("!"), line.strip().lstrip("!").strip("/")
                text = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
                self.rules.append((keep, re.compile(text + "(?:/.*)?")))

    def __call__(self, path: str) -> bool:
        ignored = False
        for keep, pattern in self.rules:
            if pattern.fullmatch(path):
                ignored = not keep
        return ignored


def context(root: Path) -> dict[str, Path]:
    """The files that a build may copy, by their path. Those of git and new ones: nothing that was built here."""
    ignored = Ignored(root / ".dockerignore")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return {path: root / path for path in listed if path and not ignored(path) and (root / path).is_file()}


def digest(dockerfile: Path, files: dict[str, Path]) -> str:
    total = hashlib.sha256(dockerfile.read_bytes())
    for path in sorted(files):
        total.update(path.encode() + b"\0" + hashlib.sha256(files[path].read_bytes()).digest())
    return total.hexdigest()


class Stage:
    """One stage, its folder, and what it has set so far."""

    def __init__(self, name: str, folder: Path, before: Stage | None) -> None:
        self.name, self.folder = name, folder / name
        self.work = before.work if before else "/"
        self.env: dict[str, str] = dict(before.env) if before else {}
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, inside: str) -> Path:
        """Where a path of the stage's is: absolute, or below its working folder."""
        return self.folder / os.path.normpath(os.path.join(self.work, inside)).lstrip("/")

    def copy(self, text: str, files: dict[str, Path], stages: dict[str, Stage]) -> None:
        words = text.split()
        flags, words = [word for word in words if word.startswith("--")], [word for word in words if not word.startswith("--")]
        source = next((flag.removeprefix("--from=") for flag in flags if flag.startswith("--from=")), None)
        *names, to = words
        for name in names:
            if source is not None:
                if source not in stages:
                    stop(f"{self.name}: COPY from {source}, which is no stage")
                origin = stages[source].path(name)
                found = {str(file.relative_to(origin.parent)): file for file in origin.rglob("*") if file.is_file()} if origin.is_dir() else {}
                found = found or ({origin.name: origin} if origin.is_file() else {})
                prefix = origin.name
            else:
                prefix = name.rstrip("/")
                found = {path: file for path, file in files.items() if path == prefix or path.startswith(prefix + "/")}
            if not found:
                stop(f"{self.name}: COPY {name}: there is no such file, or .dockerignore leaves it out")
            for path, file in found.items():
                # A folder's content goes into the target, a file by its name into a folder or to the name given.
                inner = path[len(prefix) + 1 :] if path != prefix else ("" if len(names) == 1 and not to.endswith("/") else Path(path).name)
                target = self.path(os.path.join(to, inner) if inner else to)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)

    def run(self, text: str) -> None:
        command = re.sub(r"--mount=\S+\s*", "", text)
        # The only paths of a stage's own that a command may name.
        command = re.sub(r"(?<=\s)/(image|src)(?=[\s/]|$)", lambda found: str(self.folder / found[1]), command)
        print(f"stages: {self.name}: {re.sub(r'  +', ' ', text)}", flush=True)
        work = self.path(".")
        work.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["sh", "-c", command], cwd=work, env={**os.environ, **self.env}).returncode:
            stop(f"{self.name}: failed: {text}")

    def clear(self) -> None:
        """Takes away what an earlier build copied, but not what makes the next one fast."""
        for directory, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if name not in KEPT]
            for name in names:
                (Path(directory) / name).unlink()


def build(dockerfile: Path, folder: Path, files: dict[str, Path]) -> None:
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for word, text in instructions(dockerfile):
        if word == "FROM":
            base, _, name = text.partition(" AS ")
            if base == "scratch":
                return
            if not name:
                stop(f"FROM {text}: stages before the last one have names")
            stage = stages[name] = Stage(name, folder, stages.get(base))
            stage.clear()
        elif stage is None:
            stop(f"{word} before the first FROM")
        elif word == "COPY":
            stage.copy(text, files, stages)
        elif word == "WORKDIR":
            stage.work = text
        elif word == "ENV":
            stage.env |= variables(text)
        elif word == "ARG":  # with its default: nothing is given here
            stage.env |= variables(text)
        elif word == "RUN":
            stage.run(text)
        else:
            stop(f"{word} is not known here: add it")
    stop("there is no last stage FROM scratch")


def main(dockerfile: Path, folder: Path) -> None:
    files = context(dockerfile.resolve().parents[2])
    wanted, stamp = digest(dockerfile, files), folder / "built"
    if stamp.is_file() and stamp.read_text() == wanted:
        print("stages: nothing has changed since they ran")
        return
    stamp.unlink(missing_ok=True)
    build(dockerfile, folder, files)
    stamp.write_text(wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
