"""What all measurements of whole servers share: building, the machine, who else works on it."""
import os
import platform
import resource
import subprocess
import sys
import time

import servers

ROOT = servers.ROOT
LOAD = ROOT / "build/bench/bench/load/firn_load"
ASK = ROOT / "build/bench/bench/load/firn_ask"


class OtherWork:
    """How much of the machine other programs used since this was made."""

    def __init__(self):
        self.busy, self.own, self.began = self._busy(), self._own(), time.monotonic()

    @staticmethod
    def _busy():
        fields = [int(f) for f in open("/proc/stat").readline().split()[1:9]]
        return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def _own():
        return sum(u.ru_utime + u.ru_stime for u in (
            resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)))

    def share(self, server_seconds):
        """`server_seconds`: CPU time of children that still run."""
        busy = self._busy() - self.busy - (self._own() - self.own) - server_seconds
        return max(0.0, busy / ((time.monotonic() - self.began) * os.cpu_count()))


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def checked(command, text=None):
    """Output of a program that must succeed; Failure with what it said if it does not."""
    done = subprocess.run([str(c) for c in command], input=text, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise servers.Failure(f"{os.path.basename(command[0])}: {done.stderr.strip()}")
    return done.stdout


def timed(command, output=subprocess.PIPE):
    """What a program printed, unless it went to `output`, with its seconds, CPU seconds and most
    memory in MiB; Failure if it failed."""
    began = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], stdout=output)
    out = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise servers.Failure(f"{' '.join(map(str, command[:3]))}: ended with {process.returncode}")
    return out.decode(), {"seconds": time.monotonic() - began,
                          "cpu_seconds": usage.ru_utime + usage.ru_stime,
                          "mib": usage.ru_maxrss / 1024}


def build():
    """The server and the programs that load and ask it, optimised as users get them."""
    if not (ROOT / "build/bench/build.ninja").exists():
        subprocess.run(["cmake", "--preset", "bench"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "bench", "--target", "firn", "firn_load",
                    "firn_ask"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def machine():
    model = next((li.split(":", 1)[1].strip() for li in open("/proc/cpuinfo")
                  if li.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) / 2**20
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory, 1),
            "kernel": platform.release(), "date": time.strftime("%Y-%m-%d")}
