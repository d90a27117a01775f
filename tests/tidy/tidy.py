#!/usr/bin/env python3
"""Holds the tree to its architecture and sizes.

usage: tidy.py [ROOT]             checks a tree, exit code 1 and one line per finding
       tidy.py --self-test        checks that each rule can fail
       tidy.py --write-exceptions records today's sizes above the limits

The table of allowed arrows is read from cmake/FirnTargets.cmake, so that there is one.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

LIMITS = {"header": 250, "source": 500, "test": 800, "function": 70, "folder": 25}
CODE_FOLDERS = ("base", "storage", "engine", "query", "server", "tools")
# Which name of FirnTargets.cmake a third-party header belongs to.
EXTERNAL = [
    (r"fmt/", "ext_fmt"), (r"spdlog/", "ext_spdlog"), (r"absl/", "ext_absl"), (r"re2/", "ext_re2"),
    (r"xxhash\.h", "ext_xxhash"), (r"zstd\.h", "ext_zstd"), (r"rocksdb/", "ext_rocksdb"),
    (r"snappy", "ext_snappy"), (r"protozero/", "ext_protozero"), (r"simdjson", "ext_simdjson"),
    (r"boost/", "ext_boost"), (r"openssl/", "ext_openssl"), (r"zlib\.h", "ext_zlib"),
    (r"yaml-cpp/", "ext_yaml"), (r"CLI/", "ext_cli11"), (r"jemalloc/", "ext_jemalloc"),
]
# Headers whose weight or names must not spread.
SOURCE_ONLY = r"(rocksdb|boost/beast|simdjson|re2|spdlog|CLI|yaml-cpp|openssl)(/|\.h)"
FORBIDDEN_TEXT = [
    (r"(?<![\w.])/(work|home|root)/", "absolute path of a machine"),
    (r"\b(TODO|FIXME|XXX)\b", "unfinished work in a comment"),
    (r"^\s*(//|#)\s*[=*\-/#]{8,}\s*$", "banner"),
]


class Tree:
    """The files of one checkout, as paths relative to its root."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=self.root,
                                capture_output=True, text=True)
        self.files = sorted(f for f in listed.stdout.splitlines() if (self.root / f).is_file())

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def sources(self, folders=None):
        return [f for f in self.files if f.endswith((".h", ".cc")) and
                (folders is None or f.split("/")[0] in folders)]


def read_arrows(tree):
    rows = re.findall(r"set\(FIRN_MAY_USE_(\w+)\s+\"(.*)\"\)", tree.text("cmake/FirnTargets.cmake"))
    return dict(rows)


def target_of(path, arrows):
    """The target that a file's folder belongs to: the longest row that names the folder."""
    parts = path.split("/")[:-1]
    for n in range(len(parts), 0, -1):
        name = "_".join(parts[:n])
        if name in arrows:
            return name
    return None


def check_arrows(tree):
    arrows = read_arrows(tree)
    for path in tree.sources(CODE_FOLDERS):
        target = target_of(path, arrows)
        if target is None:
            yield f"{path}: its folder has no row in cmake/FirnTargets.cmake"
            continue
        allowed = re.compile(f"({arrows[target]})$")
        for kind, included in re.findall(r'^#include ([<"])([^>"]+)[>"]', tree.text(path), re.M):
            if kind == '"':
                used = target_of(included, arrows)
            else:
                used = next((name for pattern, name in EXTERNAL if re.match(pattern, included)), None)
                if used and path.endswith(".h") and re.match(SOURCE_ONLY, included):
                    yield f"{path}: <{included}> belongs into .cc files only"
            if used and used != target and not allowed.match(used):
                yield f"{path}: {target} must not use {used} ({included})"


def longest_function(text):
    """Lines of the longest body that opens and closes at the outermost level of a namespace."""
    longest, start, previous = 0, None, ""
    for number, line in enumerate(text.splitlines()):
        if start is None:
            if line.endswith("{") and not re.match(
                    r"^(namespace|extern|struct|class|union|enum|#|\s)", line) and (
                        ")" in line or ")" in previous):
                start = number
        elif line.startswith("}"):
            longest = max(longest, number - start + 1)
            start = None
        previous = line
    return longest


def measure(tree):
    """(path, kind) -> value, for every size that has a limit."""
    sizes = {}
    folders = {}
    for path in tree.sources():
        text = tree.text(path)
        kind = "header" if path.endswith(".h") else "source"
        if path.startswith("tests/") and kind == "source":
            kind = "test"
        sizes[path, kind] = len(text.splitlines())
        if kind == "source":
            sizes[path, "function"] = longest_function(text)
        folder = path.rsplit("/", 1)[0]
        folders[folder] = folders.get(folder, 0) + 1
    for folder, count in folders.items():
        sizes[folder, "folder"] = count
    return sizes


def read_exceptions(tree):
    path = "tests/tidy/exceptions.txt"
    if path not in tree.files:
        return {}
    rows = [line.split() for line in tree.text(path).splitlines() if line and line[0] != "#"]
    return {(path, kind): int(value) for path, kind, value in rows}


def check_sizes(tree):
    sizes, exceptions = measure(tree), read_exceptions(tree)
    for (path, kind), value in sizes.items():
        known = exceptions.get((path, kind))
        if known is None and value > LIMITS[kind]:
            yield f"{path}: {kind} of {value}, the limit is {LIMITS[kind]}"
        elif known is not None and value > known:
            yield f"{path}: {kind} grew to {value}, exceptions.txt allows {known}"
        elif known is not None and value < known:
            yield f"{path}: {kind} shrank to {value}, lower it in exceptions.txt"
    for path, kind in exceptions.keys() - sizes.keys():
        yield f"{path}: {kind} is in exceptions.txt but not in the tree"


def check_readmes(tree):
    folders = {f.rsplit("/", 1)[0] for f in tree.sources()}
    for folder in sorted(folders):
        if f"{folder}/README.md" not in tree.files:
            yield f"{folder}: no README.md says what lives here"


def check_orphans(tree):
    lists = {f: tree.text(f) for f in tree.files if f.endswith("CMakeLists.txt")}
    for path in tree.sources():
        if path.endswith(".h"):
            continue
        folder, name = path, None
        for _ in range(path.count("/")):
            folder, _, last = folder.rpartition("/")
            name = last if name is None else f"{last}/{name}"
            if f"{folder}/CMakeLists.txt" in lists:
                named = lists[f"{folder}/CMakeLists.txt"]
                if not re.search(rf"(?<![\w/.]){re.escape(name)}(?!\w)", named):
                    yield f"{path}: {folder}/CMakeLists.txt does not name it"
                break


def check_text(tree):
    for path in tree.files:
        if path.startswith(("tests/promql/upstream/", "tests/golden/", "tests/tidy/")):
            continue
        if not path.endswith((".h", ".cc", ".md", ".py", ".txt", ".cmake", ".test", "Dockerfile")) \
                and "/" not in path:
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for pattern, what in FORBIDDEN_TEXT:
                if re.search(pattern, line):
                    yield f"{path}:{number}: {what}"


RULES = (check_arrows, check_sizes, check_readmes, check_orphans, check_text)


def findings(root):
    tree = Tree(root)
    return [line for rule in RULES for line in rule(tree)]


def write_exceptions(root):
    tree = Tree(root)
    rows = sorted(f"{path} {kind} {value}" for (path, kind), value in measure(tree).items()
                  if value > LIMITS[kind])
    head = ("# path, kind of size, lines (or files of a folder) it may have. Rows may only shrink\n"
            "# and vanish: what is listed is to be split when it is next worked on.\n")
    (tree.root / "tests/tidy/exceptions.txt").write_text(head + "".join(r + "\n" for r in rows))


GOOD = {
    "cmake/FirnTargets.cmake": 'set(FIRN_MAY_USE_base "ext_(fmt|spdlog)")\n'
                               'set(FIRN_MAY_USE_query_exec "base|ext_(fmt)")\n'
                               'set(FIRN_MAY_USE_engine_db "base")\n',
    "base/CMakeLists.txt": "HEADERS a.h\n", "base/README.md": "x\n", "base/a.h": "#pragma once\n",
    "query/exec/CMakeLists.txt": "SOURCES e.cc sub/f.cc\n", "query/exec/README.md": "x\n",
    "query/exec/e.cc": '#include "base/a.h"\n#include <fmt/core.h>\n',
    "query/exec/sub/README.md": "x\n", "query/exec/sub/f.cc": "int F() {\n  return 1;\n}\n",
}
# Each change of the good tree and what must be said of it.
BAD = [
    ({"query/exec/e.cc": '#include "engine/db/x.h"\n'}, "query_exec must not use engine_db"),
    ({"query/exec/e.cc": "#include <rocksdb/db.h>\n"}, "query_exec must not use ext_rocksdb"),
    ({"base/a.h": "#include <spdlog/spdlog.h>\n"}, "belongs into .cc files only"),
    ({"query/exec/sub/f.cc": "int F() {\n" + "  ;\n" * 80 + "}\n"}, "function of 82"),
    ({"base/a.h": "\n" * 251}, "header of 251"),
    ({"tests/tidy/exceptions.txt": "base/a.h header 300\n"}, "shrank to 1"),
    ({"tests/tidy/exceptions.txt": "base/b.h header 300\n"}, "not in the tree"),
    ({"base/README.md": None}, "no README.md"),
    ({"base/b.cc": "\n"}, "does not name it"),
    ({"base/a.h": "// TODO\n"}, "unfinished work"),
    ({"base/a.h": "// /home/me/x\n"}, "absolute path"),
]


def self_test():
    for change, expected in [({}, None)] + BAD:
        with tempfile.TemporaryDirectory() as directory:
            for path, text in (GOOD | change).items():
                if text is not None:
                    file = pathlib.Path(directory, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
            subprocess.run(["git", "init", "-q"], cwd=directory, check=True)
            found = findings(directory)
            ok = not found if expected is None else len(found) == 1 and expected in found[0]
            if not ok:
                sys.exit(f"self-test: expected {expected!r}, found {found}")
    print(f"{len(BAD)} rules can fail, the good tree passes")


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    arguments = sys.argv[1:]
    if arguments == ["--self-test"]:
        return self_test()
    if arguments == ["--write-exceptions"]:
        return write_exceptions(root)
    found = findings(arguments[0] if arguments else root)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
