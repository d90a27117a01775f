"""Starts and stops the servers of a test, each on a free port of 127.0.0.1.

Firn takes a port of the system's choice and names it in its log; others get one that was free.

A server dies with the test (even with a killed one), and its log is shown when the test fails.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SKIPPED = 77
HOST = "127.0.0.1"


class Failure(Exception):
    """Something did not come out as it must."""


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def wait_until(what, condition, seconds):
    """Polls `condition` until it is true and returns its value; Failure after `seconds`, or four
    times as many with a sanitizer."""
    if os.environ.get("FIRN_SANITIZED") == "1":
        seconds *= 4
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.05)  # Between two looks; nothing relies on its length.


def request(port, method, target, body=None, headers=None, timeout=60):
    """One request on a connection of its own: status, headers, body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def get_json(port, path, **params):
    """The `data` of a successful API answer."""
    status, _, body = request(port, "GET", path + "?" + urllib.parse.urlencode(params, True))
    if status != 200:
        raise Failure(f"{path} {params}: {status} {body[:500]!r}")
    return json.loads(body)["data"]


class ServerProcess:
    """A server with a log file in `directory`. Listens on `port` once `ready_path` says 200."""

    def __init__(self, name, directory, port, arguments, ready_path):
        self.name = name
        self.port = port
        self.log_path = os.path.join(directory, name + ".log")
        self._directory = directory
        self._arguments = arguments
        self._ready_path = ready_path
        self._process = None

    @property
    def pid(self):
        return self._process.pid

    def start(self, seconds=30):
        command = ["setpriv", "--pdeathsig", "KILL"] + self._arguments
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._directory)
        wait_until(f"{self.name} is ready", self._is_ready, seconds)

    def _fail_if_ended(self):
        code = self._process.poll()
        if code is not None:
            raise Failure(f"{self.name} ended with {code} before it was ready")

    def _is_ready(self):
        self._fail_if_ended()
        try:
            return request(self.port, "GET", self._ready_path, timeout=5)[0] == 200
        except OSError:
            return False

    def kill(self):
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def close(self):
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def print_log(self, lines=40):
        if not os.path.exists(self.log_path):
            return
        with open(self.log_path, errors="replace") as log:
            tail = log.readlines()[-lines:]
        print(f"--- last lines of {self.name}'s log\n{''.join(tail)}---", file=sys.stderr)


class FirnProcess(ServerProcess):
    """`firn serve`, which chooses its port at the first start and has it again at later ones."""

    def __init__(self, directory, arguments):
        super().__init__("firn", directory, None, arguments, "/-/ready")

    def _is_ready(self):
        if self.port is None and not self._find_port():
            return False
        return super()._is_ready()

    def _find_port(self):
        with open(self.log_path, errors="replace") as log:
            found = re.search(r"serving .* at https?://127\.0\.0\.1:(\d+)\n", log.read())
        if found is None:
            self._fail_if_ended()
            return False
        self.port = int(found[1])
        self._arguments[self._arguments.index(f"{HOST}:0")] = f"{HOST}:{self.port}"
        return True


class Servers:
    """Context of a test: a temporary directory, and servers that end with it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="firn_test_")
        self._servers = []

    @property
    def servers(self):
        return list(self._servers)

    def __enter__(self):
        # CTest's time limit and an impatient user still clean up.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
        return self

    def __exit__(self, exception_type, *_):
        for server in self._servers:
            server.close()
            if exception_type is not None:
                server.print_log()
        shutil.rmtree(self.directory, ignore_errors=True)

    def add(self, name, arguments, port, ready_path="/-/ready"):
        server = ServerProcess(name, self.directory, port, arguments, ready_path)
        self._servers.append(server)
        return server

    def add_firn(self, binary, kind=FirnProcess, **settings):
        """`firn serve`, not started yet, over a fresh data directory. A value of None leaves the flag bare."""
        arguments = [os.path.abspath(binary), "serve", "--listen", f"{HOST}:0",
                     "--data", os.path.join(self.directory, "data")]
        for name, value in settings.items():
            arguments.append("--" + name.replace("_", "-"))
            if value is not None:
                arguments.append(str(value))
        server = kind(self.directory, arguments)
        self._servers.append(server)
        return server


def require(*programs):
    """Exits as skipped unless all programs are installed."""
    for program in programs:
        if shutil.which(program) is None:
            print(f"SKIPPED: {program} is not installed (tools/install-deps --test)")
            sys.exit(SKIPPED)


def run(test):
    """Runs `test(servers)` and exits: 0, or 1 with the reason and the servers' logs."""
    try:
        with Servers() as servers:
            test(servers)
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
