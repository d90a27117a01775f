"""Starts the two servers on free ports of the loopback address, and asks them things."""

import http.client
import json
import os
import socket
import subprocess
import time
import urllib.parse


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One running server. A context manager; its end stops the process."""

    def __init__(self, name, command, log_path):
        self.name = name
        self.port = _free_port()
        self._connection = None
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(
                [part.replace("{port}", str(self.port)) for part in command],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=os.path.dirname(log_path),
            )
        self._log_path = log_path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def await_ready(self, deadline_s=60):
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.log_tail()}")
            try:
                if self.request("GET", "/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} is not ready: {self.log_tail()}")

    def log_tail(self):
        with open(self._log_path, "rb") as log:
            return log.read()[-2000:].decode(errors="replace")

    def request(self, method, path, body=None, headers=None):
        """Status and body; connects again once if a kept connection was closed."""
        for attempt in (0, 1):
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            try:
                self._connection.request(method, path, body, headers or {})
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):
                self._connection.close()
                self._connection = None
                if attempt == 1:
                    raise

    def write(self, body):
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        status, text = self.request("POST", "/api/v1/write", body, headers)
        if status // 100 != 2:
            raise RuntimeError(f"{self.name} refused a write: {status} {text[:300]!r}")

    def query(self, path, parameters):
        """The decoded envelope of an API answer."""
        form = urllib.parse.urlencode(parameters)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, text = self.request("POST", path, form, headers)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise RuntimeError(f"{self.name}: status {status}, no JSON: {text[:300]!r}") from None


def start_prometheus(binary, folder):
    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w", encoding="utf-8") as out:
        out.write("global: {evaluation_interval: 1m}\n")
    return Server(
        "prometheus",
        [
            os.path.abspath(binary),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}/prometheus",
            "--storage.tsdb.retention.time=100y",
            "--web.enable-remote-write-receiver",
            "--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ],
        os.path.join(folder, "prometheus.log"),
    )


def start_firn(binary, folder):
    return Server(
        "firn",
        [
            os.path.abspath(binary),
            "serve",
            "--listen=127.0.0.1:{port}",
            f"--data={folder}/firn",
            "--retention=0",
            "--backfill=true",
            "--future-limit=0",
            "--self-scrape-interval=0",
            "--promql-experimental-functions=true",
            "--log-level=warn",
        ],
        os.path.join(folder, "firn.log"),
    )
