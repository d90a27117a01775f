"""Programs in a pseudo-terminal, as somebody who types sees them."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

from firn_process import Failure

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


def without_escapes(text):
    return ESCAPES.sub("", text).replace("\r\n", "\n")


class Terminal:
    """A program in a terminal of `columns` by `rows`. Ends with the block it was opened in."""

    def __init__(self, arguments, columns=80, rows=40, **environment):
        self.output = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                # Here, so that the program never sees a terminal of another size.
                size = struct.pack("HHHH", rows, columns, 0, 0)
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)
                env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
                os.execvpe(arguments[0], arguments, {**env, "TERM": "xterm", **environment})
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)  # Hangs up.
        if self._pid is not None:
            os.waitpid(self._pid, 0)

    def type(self, text):
        os.write(self._fd, text.encode())

    def _read(self, seconds):
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return None
        try:
            return os.read(self._fd, 65536)
        except OSError:  # All who had the terminal open have ended.
            return b""

    def expect(self, pattern, seconds=30):
        """Reads until `pattern` (a regular expression) is in what came since the last call."""
        deadline = time.monotonic() + seconds
        pending = b""
        while True:
            text = without_escapes(pending.decode(errors="replace"))
            if re.search(pattern, text):
                self.output += text
                return text
            data = self._read(max(0, deadline - time.monotonic()))
            if not data:
                raise Failure(f"{pattern!r} did not come within {seconds} s, but {text!r}")
            pending += data

    def finish(self, seconds=60):
        """Reads to the end: what was written, and the exit code."""
        deadline = time.monotonic() + seconds
        out = b""
        while True:
            data = self._read(max(0, deadline - time.monotonic()))
            if data is None:
                raise Failure(f"did not end within {seconds} s: {out!r}")
            if data == b"":
                break
            out += data
        _, status = os.waitpid(self._pid, 0)
        self._pid = None
        return out.decode(), os.waitstatus_to_exitcode(status)


def run(arguments, code=0, **options):
    """What a program writes to a terminal; it must end with `code`."""
    with Terminal(arguments, **options) as terminal:
        text, ended = terminal.finish()
    if ended != code:
        raise Failure(f"{arguments}: ended with {ended}, not {code}\n{text}")
    return text
