"""Server processes under measurement: how each is started, asked, merged and killed."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGES = {"prometheus": "prometheus", "victoria-metrics": "victoria-metrics"}


class Failure(Exception):
    """A measurement that cannot go on."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def install(peers):
    """Installs Debian packages of peers that are not there."""
    missing = [PACKAGES[p] for p in peers if not shutil.which(p)]
    if missing:
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        print("installing " + " ".join(missing), flush=True)
        subprocess.run([*sudo, "apt-get", "install", "-y", "--no-install-recommends", *missing],
                       check=True, stdout=subprocess.DEVNULL)


def version(kind):
    """Of a peer the version of its package, of Firn the commit."""
    command = (["git", "-C", str(ROOT), "describe", "--always", "--dirty"] if kind == "firn" else
               ["dpkg-query", "-W", "-f", "${Version}", PACKAGES[kind]])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{kind} {done.stdout.strip() or 'of unknown version'}"


class Server:
    """One server process on a directory of its own, on loopback."""

    kind = ""
    ready = "/-/ready"
    # Added to the form of each query.
    form = {}

    def __init__(self, directory):
        self.directory, self.port, self.process = pathlib.Path(directory), free_port(), None
        self.took = 0.0  # The last start, in seconds.
        self.directory.mkdir(parents=True, exist_ok=True)

    def command(self):
        raise NotImplementedError

    def start(self, deadline=120):
        """Seconds until the server says that it is ready."""
        with open(self.directory / "log", "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        while time.monotonic() - began < deadline:
            try:
                self.request(self.ready)
                self.took = time.monotonic() - began
                return self.took
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.005)
        tail = (self.directory / "log").read_text(errors="replace")[-500:]
        raise Failure(f"{self.kind} did not start: {tail}")

    def request(self, path, form=None, timeout=120):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, data=data, timeout=timeout) as answer:
            return answer.read()

    def query(self, expression, at):
        """The samples of an instant query, as in the answer."""
        form = {"query": expression, "time": at, **self.form}
        return json.loads(self.request("/api/v1/query", form))["data"]["result"]

    def number(self, expression, at):
        result = self.query(expression, at)
        return float(result[0]["value"][1]) if result else 0.0

    def names(self, begin, end):
        path = f"/api/v1/label/__name__/values?start={begin}&end={end}"
        return json.loads(self.request(path))["data"]

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def cpu_seconds(self):
        fields = self.proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status_mib(self, field):
        line = next(li for li in self.proc("status").splitlines() if li.startswith(field + ":"))
        return int(line.split()[1]) / 1024

    def written_mib(self):
        line = next(li for li in self.proc("io").splitlines() if li.startswith("write_bytes:"))
        return int(line.split()[1]) / 2**20

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.kill()

    def data(self):
        return self.directory / "data"

    def disk_bytes(self, folder=None):
        """Bytes of all files, each inode once."""
        seen = {}
        for path, _, names in os.walk(folder or self.data()):
            for name in names:
                try:
                    stat = os.stat(os.path.join(path, name))
                except FileNotFoundError:
                    continue
                seen[stat.st_ino] = stat.st_size
        return sum(seen.values())

    def evict(self):
        """Lets the kernel forget the files, so that the next reads go to the disk."""
        for path, _, names in os.walk(self.data()):
            for name in names:
                handle = os.open(os.path.join(path, name), os.O_RDONLY)
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(handle)

    def merge(self):
        """Brings the files to their final form; the bytes that they take then, all of them and
        those of samples as they came, without what is kept in coarser resolution besides."""
        raise NotImplementedError


class Firn(Server):
    kind = "firn"

    def command(self):
        return [str(ROOT / "build/bench/firn"), "serve", "--listen", f"127.0.0.1:{self.port}",
                "--data", str(self.data()), "--self-scrape-interval", "0"]

    def merge(self):
        self.request("/api/v1/admin/tsdb/compact?force=true", {}, timeout=300)
        lines = self.request("/metrics").decode().splitlines()
        raw = next(li for li in lines if li.startswith("firn_stored_disk_bytes "))
        return self.disk_bytes(), float(raw.split()[1])


class Prometheus(Server):
    kind = "prometheus"

    def command(self):
        config = self.directory / "prometheus.yml"
        config.write_text("global: {}\n")
        return ["prometheus", f"--config.file={config}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--storage.tsdb.path={self.data()}", "--storage.tsdb.retention.time=10y",
                "--web.enable-remote-write-receiver", "--web.enable-admin-api"]

    def merge(self):
        """A snapshot with the head written as a block: what compaction leaves in the end."""
        answer = json.loads(self.request("/api/v1/admin/tsdb/snapshot", {}, timeout=300))
        snapshot = self.data() / "snapshots" / answer["data"]["name"]
        size = self.disk_bytes(snapshot)
        shutil.rmtree(snapshot)
        return size, size


class VictoriaMetrics(Server):
    kind = "victoria-metrics"
    ready = "/health"
    form = {"nocache": "1"}

    def command(self):
        return ["victoria-metrics", f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={self.data()}", "-retentionPeriod=10y",
                "-search.latencyOffset=0s", "-search.disableCache", "-http.connTimeout=1h",
                "-search.maxUniqueTimeseries=3000000", "-search.maxQueryDuration=2m"]

    def merge(self):
        self.request("/internal/force_flush")
        self.request("/internal/force_merge", timeout=300)
        size, since, deadline = -1, time.monotonic(), time.monotonic() + 60
        while time.monotonic() < deadline and time.monotonic() - since < 3:
            now = self.disk_bytes()
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.25)
        return size, size


SERVERS = {c.kind: c for c in (Firn, Prometheus, VictoriaMetrics)}
