#!/usr/bin/env python3
"""The packages of the Dockerfile's last stage are those of the libraries that firn names.

usage: packages_test.py FIRN DOCKERFILE
"""
import re
import shutil
import subprocess
import sys

# Of every Debian system: libc, libm and libgcc.
ALWAYS_THERE = {"libc6", "libgcc-s1"}
SKIPPED = 77


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def needed_files(program):
    """Paths of the libraries that the program itself names, not of those that these name."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", program))
    paths = dict(re.findall(r"^\s*(\S+) => (\S+)", output("ldd", program), re.M))
    return {name: paths.get(name) for name in names}


def package_of(path):
    # dpkg knows a file by the place where it was unpacked: /lib may be a link to /usr/lib.
    for candidate in (path, "/usr" + path, path.removeprefix("/usr")):
        found = re.match(r"([^:\s]+)(:\S+)?: ", output("dpkg", "-S", candidate))
        if found:
            return found.group(1)
    return None


def listed_packages(dockerfile):
    stage = re.split(r"^FROM ", dockerfile, flags=re.M)[-1]
    install = re.search(r"apt-get install(.*?)&&", stage, re.S)
    if not install:
        return set()
    words = install.group(1).replace("\\\n", " ").split()
    return {word for word in words if not word.startswith("-")}


def main():
    program, dockerfile = sys.argv[1:]
    if not all(shutil.which(tool) for tool in ("dpkg", "ldd", "readelf")):
        return SKIPPED
    files = needed_files(program)
    if len(files) < 3:
        print(f"{program} names only {sorted(files)}")
        return 1
    needed = {}
    for name, path in files.items():
        package = package_of(path) if path else None
        if package is None:
            print(f"no package has {name} ({path}): built from source?")
            return SKIPPED
        needed.setdefault(package, name)
    with open(dockerfile, encoding="utf-8") as file:
        listed = listed_packages(file.read())
    missing = set(needed) - listed - ALWAYS_THERE
    for package in sorted(missing):
        print(f"Dockerfile lacks {package}: firn needs {needed[package]}")
    needless = listed - set(needed)
    for package in sorted(needless):
        print(f"Dockerfile installs {package}, of which firn names nothing")
    return 1 if missing or needless else 0


if __name__ == "__main__":
    sys.exit(main())
