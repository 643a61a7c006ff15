#!/usr/bin/env python3
"""Writes the licenses of every crate that is part of the program to a file.

    .ci/licenses.py OUT

The crates are those of `cargo tree` for a build with default features on this platform; the texts are those in their
published packages. Crates without a text are listed with the name of their license; a crate without either is an error.
"""

import json
import pathlib
import subprocess
import sys

NAMES = ("licen", "copying", "notice", "unlicense", "copyright")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def crates():
    """The packages of the program, without the program itself."""
    listed = output("cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}")
    wanted = {tuple(line.split()[:2]) for line in listed.splitlines() if line}
    packages = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        if package["source"] and (package["name"], "v" + package["version"]) in wanted:
            yield package


def texts(package):
    """The license texts in the folder of a package and in its folders of vendored sources."""
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.rglob("*")):
        name = path.name.lower()
        if path.is_file() and name.startswith(NAMES) and path.suffix not in (".rs", ".toml", ".py", ".html"):
            yield path.read_text(encoding="utf-8", errors="replace").strip()


def main():
    (out,) = sys.argv[1:]
    users = {}
    bare = []
    for package in crates():
        name = f"{package['name']} {package['version']} ({package['license'] or 'see its text'})"
        found = list(texts(package))
        for text in found:
            users.setdefault(text, []).append(name)
        if not found:
            bare.append((name, package))
    parts = ["trailq contains these crates, under these licenses.\n"]
    for text, names in sorted(users.items(), key=lambda part: (part[1][0].lower(), part[0])):
        parts.append("-" * 80 + "\n" + "\n".join(dict.fromkeys(names)) + "\n\n" + text + "\n")
    if bare:
        lines = [f"{name}: {package['repository'] or package['homepage'] or ''}" for name, package in bare]
        parts.append("-" * 80 + "\nCrates whose packages have no text of their license:\n" + "\n".join(lines) + "\n")
    for name, package in bare:
        if not package["license"]:
            sys.exit(f"{name} names no license")
    pathlib.Path(out).write_text("\n".join(parts), encoding="utf-8")
    crates_written = len({name for names in users.values() for name in names})
    print(f"{out}: {crates_written} crates with {len(users)} texts, {len(bare)} crates without a text")


main()
