"""Grafana's own Prometheus data source, as it runs in browsers, reads from Firn.

usage: grafana_client_test.py FIRN_BINARY MODULES_DIRECTORY
Skipped unless Node and the npm packages in MODULES_DIRECTORY (see the script install) are there.
"""

import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import firn_process  # noqa: E402
import remote_write  # noqa: E402
from firn_process import HOST, Failure, request  # noqa: E402
from grafana_data import Data  # noqa: E402

NODE_MAJOR_MIN = 20


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(firn_process.SKIPPED)


def node(*arguments, **options):
    done = subprocess.run(["node", *arguments], timeout=120, **options)
    if done.returncode != 0:
        raise Failure(f"node {arguments[0]}: {done.returncode}")


def test(servers):
    modules = os.path.abspath(sys.argv[2])
    node("--test", os.path.join(HERE, "strict_reader.test.mjs"), stdout=subprocess.DEVNULL)
    bundle = os.path.join(servers.directory, "client.cjs")
    node(os.path.join(HERE, "bundle.mjs"), modules, bundle)
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0")
    firn.start()
    # Whole hours, so that the roundings of the client give the same requests each time.
    data = Data(int(time.time()) // 3600 * 3600)
    status, text = remote_write.write(firn.port, data.message())
    if status != 204:
        raise Failure(f"writing: {status} {text}")
    environment = {**os.environ, "NODE_PATH": os.path.join(modules, "node_modules"), "TZ": "UTC"}
    for state in ("in memory", "sealed"):
        print(state)
        sys.stdout.flush()
        node("--require", os.path.join(HERE, "browser_globals.cjs"), bundle,
             f"http://{HOST}:{firn.port}", str(data.last), os.path.join(HERE, "requests.golden"),
             env=environment, cwd=os.path.dirname(modules))
        status, _, body = request(firn.port, "POST", "/api/v1/admin/tsdb/seal")
        if status != 204:
            raise Failure(f"sealing: {status} {body!r}")


if __name__ == "__main__":
    if shutil.which("node") is None:
        skip("node is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        skip(f"node is {version}, the packages need {NODE_MAJOR_MIN} or later")
    if not os.path.exists(os.path.join(sys.argv[2], "installed")):
        skip("the npm packages are not installed (./tools/test grafana installs them)")
    firn_process.run(test)
