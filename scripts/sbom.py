#!/usr/bin/env python3
"""The crates that a program is built from, as CycloneDX 1.5, made from what `cargo metadata` tells on standard input:

    cargo metadata --locked --format-version 1 | scripts/sbom.py PACKAGE Cargo.lock
    scripts/sbom.py --check FILE…     makes sure that the files hold together, and counts

What is built into it or runs while it is built is listed; what only tests use is not.
"""

import json
import pathlib
import sys
import tomllib
import uuid


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, checksums):
    entry = {
        "type": "library", "bom-ref": reference(package), "name": package["name"], "version": package["version"],
        "purl": reference(package), "scope": "required",
    }
    if package.get("description"):
        entry["description"] = " ".join(package["description"].split())
    if package.get("license"):
        # Older packages write "MIT/Apache-2.0".
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package.get("repository"):
        entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return entry


def bill(metadata, root_name, lock):
    packages = {package["id"]: package for package in metadata["packages"]}
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}
    needs = {}
    for node in metadata["resolve"]["nodes"]:
        # None is what is built in, "build" what runs while it is built.
        needs[node["id"]] = sorted({dependency["pkg"] for dependency in node["deps"]
                                    if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"])})
    root = next(package["id"] for package in metadata["packages"] if package["name"] == root_name)
    found, queue = {root}, [root]
    while queue:
        for need in needs[queue.pop()]:
            if need not in found:
                found.add(need)
                queue.append(need)
    order = sorted(found, key=lambda id: (packages[id]["name"], packages[id]["version"]))
    program = component(packages[root], checksums) | {"type": "application"}
    del program["scope"]
    names = "\n".join(reference(packages[id]) for id in order)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5",
        # The same list is the same bill.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}", "version": 1,
        "metadata": {"component": program, "lifecycles": [{"phase": "pre-build"}]},
        "components": [component(packages[id], checksums) for id in order if id != root],
        "dependencies": [{"ref": reference(packages[id]), "dependsOn": [reference(packages[need]) for need in needs[id]]}
                         for id in order],
    }


def check(path):
    document = json.loads(pathlib.Path(path).read_text())
    if document["bomFormat"] != "CycloneDX" or not document["components"]:
        raise SystemExit(f"sbom: {path} is no bill of materials")
    known = {entry["bom-ref"] for entry in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    if len(known) != len(document["components"]) + 1:
        raise SystemExit(f"sbom: {path} names something twice")
    for entry in document["dependencies"]:
        unknown = {entry["ref"], *entry.get("dependsOn", [])} - known
        if unknown:
            raise SystemExit(f"sbom: {path} depends on what it does not list: {', '.join(sorted(unknown))}")
    without = [entry["name"] for entry in document["components"] if not entry.get("licenses")]
    print(f"sbom: {path}: {len(document['components'])} components, without a licence: {', '.join(without) or 'none'}")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        for name in sys.argv[2:]:
            check(name)
    else:
        lock = tomllib.loads(pathlib.Path(sys.argv[2]).read_text())
        json.dump(bill(json.load(sys.stdin), sys.argv[1], lock), sys.stdout, indent=1)
        print()
