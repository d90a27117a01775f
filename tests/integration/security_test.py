"""TLS, users and tokens as clients use them.

usage: security_test.py FIRN_BINARY
"""

import http.client
import os
import ssl
import subprocess
import sys
import urllib.parse

import firn_process
from firn_process import HOST, Failure, FirnProcess, require, wait_until

# Of the password "pw" at cost 10.
HASH = "$2b$10$abcdefghijklmnopqrstuuj7m4XYqbm74SxoBcXyw8to0CQ061DVG"
READ, ADMIN = ("token-for-reading-1", "token-for-the-owner")

WEB = f"""
tls_server_config: {{cert_file: server.crt, key_file: server.key}}
basic_auth_users: {{prometheus: "{HASH}"}}
roles: {{prometheus: write}}
bearer_tokens:
  - {{name: reader, token_file: read.token, role: read}}
  - {{name: owner, token_file: admin.token, role: admin}}
"""

PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: firn
    scheme: https
    tls_config: {{ca_file: server.crt}}
    authorization: {{credentials_file: read.token}}
    static_configs: [{{targets: ['{host}:{firn}']}}]
remote_write:
  - url: https://{host}:{firn}/api/v1/write
    tls_config: {{ca_file: server.crt}}
    basic_auth: {{username: prometheus, password_file: password}}
"""


class SecureFirn(FirnProcess):
    def _is_ready(self):
        return self.port is not None or self._find_port()


def make_certificate(directory, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:" + HOST,
         "-keyout", os.path.join(directory, name + ".key"),
         "-out", os.path.join(directory, name + ".crt")],
        check=True, capture_output=True)


def connect(port, ca_file):
    context = ssl.create_default_context(cafile=ca_file)
    return http.client.HTTPSConnection(HOST, port, timeout=60, context=context)


def ask(connection, method, path, token=None):
    """Status and body; the connection stays open."""
    headers = {} if token is None else {"Authorization": "Bearer " + token}
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def firn(binary, *arguments, code, **environment):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})
    if done.returncode != code:
        raise Failure(f"firn {arguments}: ended with {done.returncode}, not {code}\n"
                      f"{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def test_prometheus(servers, port, ca_file):
    prometheus_port = firn_process.free_port()
    config = os.path.join(servers.directory, "prometheus.yml")
    with open(config, "w") as file:
        file.write(PROMETHEUS.format(host=HOST, firn=port))
    prometheus = servers.add(
        "prometheus",
        ["prometheus", "--config.file", config, "--log.level=warn",
         "--storage.tsdb.path", servers.directory + "/prometheus",
         f"--web.listen-address={HOST}:{prometheus_port}"], prometheus_port)
    prometheus.start()
    query = "/api/v1/query?" + urllib.parse.urlencode({"query": 'firn_build_info{job="firn"}'})
    wait_until("Prometheus has scraped Firn and written to it",
               lambda: '"instance"' in ask(connect(port, ca_file), "GET", query, READ)[1], 60)


def test_program(servers, binary, port, ca_file):
    url = f"https://{HOST}:{port}"
    path = servers.directory + "/"
    trust = ("--ca-file", ca_file)

    def query(*arguments, code, **environment):
        return firn(binary, "query", "--server", url, "vector(42)", *arguments, code=code,
                    **environment)

    reader = ("--bearer-token-file", path + "read.token")
    writer = ("--user", "prometheus", "--password-file", path + "password")
    for what, text, part in (
            ("token", query(*trust, *reader, code=0), "42"),
            ("environment", query(code=0, FIRN_CLIENT_CA_FILE=ca_file,
                                  FIRN_CLIENT_BEARER_TOKEN_FILE=path + "read.token"), "42"),
            ("nobody", query(*trust, code=1), "wants credentials"),
            ("role", query(*trust, *writer, code=1), "read"),
            ("not trusted", query(*reader, code=3), "certificate verify failed"),
            ("both", query(*trust, *reader, *writer, code=2), "exclude"),
            ("no password", query(*trust, "--user", "u", code=2), "--password-file"),
            ("no file", query(*trust, "--bearer-token-file", path + "none", code=2), "none")):
        if part not in text:
            raise Failure(f"{what}: {text}")
    firn(binary, "query", "--server", f"http://{HOST}:{port}", "vector(1)", code=1)
    plan = ("capacity", "forecast", "vector(42)", "--history", "2h", "--server", url, *trust)
    for what, text, part in (("reader", firn(binary, *plan, *reader, code=0), "42"),
                             ("nobody", firn(binary, *plan, code=1), "--password-file"),
                             ("role", firn(binary, *plan, *writer, code=1), "read")):
        if part not in text:
            raise Failure(f"capacity, {what}: {text}")
    firn(binary, "backup", path + "backups", path + "data", "--server", url, *trust, *reader,
         code=1)
    firn(binary, "backup", path + "backups", path + "data", "--server", url, *trust,
         "--bearer-token-file", path + "admin.token", code=0)
    firn(binary, "config", "check-web", path + "web.yml", code=0)
    with open(path + "wrong.yml", "w") as file:
        file.write(WEB + "session_tickets: true\n")
    text = firn(binary, "config", "check-web", path + "wrong.yml", code=1)
    if "session_tickets" not in text or ":8:" not in text:
        raise Failure(f"check-web: {text}")


def test_rotation(servers, port, old_ca):
    """A new certificate is for new connections."""
    path = servers.directory + "/"
    old = connect(port, old_ca)
    if ask(old, "GET", "/-/ready", READ)[0] != 200:
        raise Failure("not ready")
    make_certificate(servers.directory, "next")
    os.rename(path + "next.key", path + "server.key")
    with open(path + "next.crt") as source, open(path + "server.crt", "w") as target:
        target.write(source.read())
    status, body = ask(old, "POST", "/-/reload", ADMIN)
    if status != 200:
        raise Failure(f"reload: {status} {body}")
    if ask(old, "GET", "/-/ready", READ)[0] != 200:
        raise Failure("the open connection did not live on")
    try:
        ask(connect(port, old_ca), "GET", "/-/ready", READ)
        raise Failure("the old certificate is still shown")
    except ssl.SSLCertVerificationError:
        pass
    if ask(connect(port, path + "next.crt"), "GET", "/-/ready", READ)[0] != 200:
        raise Failure("the new certificate is not shown")


def test(servers):
    require("openssl", "prometheus")
    binary = os.path.abspath(sys.argv[1])
    path = servers.directory + "/"
    make_certificate(servers.directory, "server")
    ca_file = path + "first.crt"
    for name, text in (("read.token", READ), ("admin.token", ADMIN), ("password", "pw"),
                       ("web.yml", WEB), ("first.crt", open(path + "server.crt").read())):
        with open(path + name, "w") as file:
            file.write(text)
    server = servers.add_firn(binary, SecureFirn, self_scrape_interval="0",
                              web_config_file=path + "web.yml")
    server.start()
    test_prometheus(servers, server.port, ca_file)
    test_program(servers, binary, server.port, ca_file)
    test_rotation(servers, server.port, ca_file)
    if server.stop() != 0:
        raise Failure("stop")
    with open(server.log_path) as log:
        text = log.read()
    for secret in (READ, ADMIN, HASH):
        if secret in text:
            raise Failure("the log has a secret")


if __name__ == "__main__":
    firn_process.run(test)
