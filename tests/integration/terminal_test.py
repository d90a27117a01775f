"""How the program looks in a terminal: help, colours, errors, completion, manual pages.

usage: terminal_test.py FIRN_BINARY
"""

import os
import shutil
import subprocess
import sys

import firn_process
import terminal
from firn_process import Failure


def text_of(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True).stdout


def expect(what, text, *parts):
    for part in parts:
        if part not in text:
            raise Failure(f"{what}: {part!r} is not in\n{text}")


def refuse(what, text, *parts):
    for part in parts:
        if part in text:
            raise Failure(f"{what}: {part!r} is in\n{text}")


def all_commands(binary):
    """The words of each command, to any depth, as the help lists them."""
    found = []

    def visit(words):
        found.append(words)
        section = text_of(binary, *words, "--help").split("\nCommands:\n")
        if len(section) == 1:
            return
        for line in section[1].split("\n\n")[0].splitlines():
            if not line.startswith("    "):
                visit(words + [line.split()[0]])

    visit([])
    return found


def test_help(binary):
    commands = all_commands(binary)
    if len(commands) < 12:
        raise Failure(f"commands: {commands}")
    for words in commands:
        shown = terminal.run([binary, *words, "--help"], columns=72)
        plain = terminal.without_escapes(shown)
        name = " ".join(["firn", *words])
        expect(name, plain, f"Usage: {name}", "Options:")
        expect(name, shown, "\x1b[1mOptions:\x1b[0m")
        # Examples are to be copied and stay whole.
        rest = plain.split("\nExamples:\n")[0]
        too_long = [line for line in rest.splitlines() if len(line) > 72]
        if too_long:
            raise Failure(f"{name}: wider than the terminal: {too_long}")
        has_commands = "\nCommands:\n" in plain
        if not has_commands and words not in (["config", "defaults"], ["config", "table"]):
            expect(name, plain, "\nExamples:\n  ", "\nExit codes:\n  0  ")
    return commands


def test_colours(binary):
    expect("terminal", terminal.run([binary, "--help"]), "\x1b[36mquery\x1b[0m")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        refuse("no colours", terminal.run([binary, "--help"], **environment), "\x1b")
    refuse("no terminal", text_of(binary, "--help"), "\x1b")


def test_errors(binary):
    def error(*arguments):
        return terminal.without_escapes(terminal.run([binary, *arguments], code=2))

    expect("option", error("query", "up", "--serer", "x"), "firn query: unknown option",
           "did you mean --server?", "See: firn query --help")
    expect("command", error("qery"), 'firn: unknown argument "qery"; did you mean query?')
    expect("far", error("zzzzzz"), 'firn: unknown argument "zzzzzz"\n')
    expect("missing", error("config"), "firn config: a command is missing")
    expect("no page", error("man", "frobnicate"), "firn-frobnicate", "firn --help")
    version = text_of(binary, "--version")
    if not version.startswith("firn ") or version.count("\n") != 1:
        raise Failure(f"version: {version!r}")


def bash_words(script, directory, *words):
    """What bash offers for the last of `words`."""
    program = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _firn; '
               'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", program, "bash", script, *words], cwd=directory, check=True,
                          capture_output=True, text=True)
    if done.stderr:
        raise Failure(f"bash: {done.stderr}")
    return done.stdout.split()


def test_bash(binary, directory, commands):
    script = os.path.join(directory, "firn.bash")
    with open(script, "w") as file:
        file.write(text_of(binary, "completion", "bash"))
    os.mkdir(os.path.join(directory, "some_directory"))
    with open(os.path.join(directory, "some_file.pem"), "w"):
        pass

    def offers(words, expected):
        got = bash_words(script, directory, *words)
        if got != expected:
            raise Failure(f"bash, {words}: {got}, not {expected}")

    for words in commands:
        subs = [c[-1] for c in commands if len(c) == len(words) + 1 and c[:len(words)] == words]
        if subs:
            offers(["firn", *words, ""], subs)
    offers(["firn", "que"], ["query"])
    offers(["firn", "query", "up", "--form"], ["--format"])
    offers(["firn", "query", "--server", "config", "--form"], ["--format"])
    offers(["firn", "query", "--format", ""], ["table", "csv", "json", "plot"])
    offers(["firn", "query", "--format", "=", "j"], ["json"])
    offers(["firn", "query", "--format", "="], ["table", "csv", "json", "plot"])
    offers(["firn", "query", "--ca-file", "some_f"], ["some_file.pem"])
    offers(["firn", "verify", "some"], ["some_directory"])
    offers(["firn", "serve", "--retention-by"], ["--retention-bytes"])
    offers(["firn", "completion", "z"], ["zsh"])
    offers(["firn", "query", "--nothing-like-it"], [])


def test_zsh(binary, directory):
    if shutil.which("zsh") is None:
        print("zsh is not installed (tools/install-deps --test): its completion was not tried")
        return
    script = os.path.join(directory, "_firn")
    with open(script, "w") as file:
        file.write(text_of(binary, "completion", "zsh"))
    environment = {"HOME": directory, "ZDOTDIR": directory, "PATH": os.environ["PATH"]}
    with terminal.Terminal(["zsh", "-f", "-i"], columns=100, **environment) as shell:
        shell.type("PROMPT='ready> '; unsetopt zle_bracketed_paste 2>/dev/null\n")
        shell.expect(r"ready> $")
        shell.type(f"cd {directory}; autoload -Uz compinit; compinit -u -d {directory}/dump; "
                   f"fpath=({directory} $fpath); autoload -Uz _firn; compdef _firn firn\n")
        shell.expect(r"ready> $")
        shell.type("firn que\t")
        shell.expect(r"firn query $")
        shell.type("--form\t")
        shell.expect(r"--format=$")
        shell.type("\x15")  # Erases the line.
        shell.type("firn query --format=j\t")
        shell.expect(r"--format=json $")
        shell.type("\x15firn config check-w\t")
        shell.expect(r"firn config check-web $")
        shell.type("some_f\t")
        shell.expect(r"some_file\.pem $")
        shell.type("\x15exit\n")


def test_manual(binary, directory, commands):
    pages = os.path.join(directory, "man1")
    text_of(binary, "man", "--output", pages)
    names = {"-".join(["firn", *words]) + ".1" for words in commands}
    if set(os.listdir(pages)) != names:
        raise Failure(f"pages: {sorted(os.listdir(pages))}, commands: {sorted(names)}")
    with open(os.path.join(pages, "firn-query.1")) as page:
        if page.read() != text_of(binary, "man", "query"):
            raise Failure("the page that is printed is another one")
    if shutil.which("groff") is None:
        print("groff is not installed: the manual pages were not formatted")
        return
    for name in sorted(names):
        done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-P-cbou", os.path.join(pages, name)],
                              capture_output=True, text=True, check=True)
        if done.stderr:
            raise Failure(f"{name}: {done.stderr}")
        expect(name, done.stdout, "NAME\n", "SYNOPSIS\n", "OPTIONS\n")
    query = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", os.path.join(pages, "firn-query.1")],
                           capture_output=True, text=True, check=True).stdout
    # What has a meaning to roff comes out as it went in.
    expect("firn-query.1", query, "--start -1h --plot", "EXIT STATUS\n", "ENVIRONMENT\n",
           "[5m]))' \\\n", "firn-serve(1)")


def test(servers):
    binary = os.path.abspath(sys.argv[1])
    commands = test_help(binary)
    test_colours(binary)
    test_errors(binary)
    test_bash(binary, servers.directory, commands)
    test_zsh(binary, servers.directory)
    test_manual(binary, servers.directory, commands)


if __name__ == "__main__":
    firn_process.run(test)
