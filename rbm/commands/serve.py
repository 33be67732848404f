"""``python -m rbm serve``: the app for this machine alone, or with ``--class`` for a class in the same network."""

from __future__ import annotations

import errno
import io
import os
import secrets
import socket
import subprocess
import sys
import threading
import urllib.request
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rbm.commands._runs import asked_to_stop
from rbm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
HERE = "127.0.0.1"
ELSEWHERE = ("192.0.2.1", 9)  # nobody's, as RFC 5737 keeps it; nothing is sent there
PORT, LAST_PORT = 8501, 65_535
LOOK_SECONDS = 0.1
HALVES = "▀▄█"  # the blocks of which a small QR code is printed
WHITE_ON_BLACK, PLAIN = "\033[97;40m", "\033[0m"  # whatever colours the terminal has: a phone looks for dark on light


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--class", dest="for_class", action="store_true", help="reachable from the network, with a room for the class"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"where it listens ({PORT})")
    parser.add_argument("--address", help="of this machine, where another than the one found should be listened on")


def run(arguments: Namespace) -> int:
    """Serve until Ctrl+C; the app's own exit status where it ends by itself."""
    if not 1 <= arguments.port <= LAST_PORT:
        raise ConfigError(f"--port is {arguments.port}; expected a number from 1 to {LAST_PORT}.")
    address = arguments.address or (own_address() if arguments.for_class else HERE)
    check_free(address, arguments.port)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(arguments.port)]
    command += ["--server.address", address, "--browser.serverAddress", address]
    environment = dict(os.environ)
    if arguments.for_class:
        if "STREAMLIT_SERVER_ALLOWED_HOSTS" not in environment:  # whoever names more hosts knows what leads here
            command += [word for host in hosts(address) for word in ("--server.allowedHosts", host)]
        environment["RBM_TEACHER"] = os.environ.get("RBM_TEACHER") or secrets.token_urlsafe(6)
        environment["RBM_ROOM"] = secrets.token_urlsafe(6)  # pages/ui/shell.py opens it
    with asked_to_stop() as stop:
        app = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            url = f"http://{address}:{arguments.port}"
            if arguments.for_class and _ready(url, app, stop):
                _tell(f"{url}/board?room={environment['RBM_ROOM']}", environment["RBM_TEACHER"])
            while app.poll() is None and not stop.wait(LOOK_SECONDS):
                pass
        finally:
            app.terminate()
            status = app.wait()
    return 0 if stop.is_set() else status


def own_address() -> str:
    """This machine's address in its network: the one from which a packet would leave it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
            found = str(probe.getsockname()[0])
        except OSError:
            found = HERE
    if found.startswith("127."):
        raise ConfigError(
            "This machine has no address in a network: connect it to the one that the class uses, or name its address "
            "there with --address."
        )
    return found


def hosts(address: str) -> tuple[str, ...]:
    """The names by which a class reaches this machine: a page of another, led here by its name server, is not answered."""
    name = socket.gethostname()
    return tuple(dict.fromkeys((address, "localhost", HERE, name, f"{name}.local")))


def check_free(address: str, port: int) -> None:
    """ConfigError where nothing can listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if (
            os.name == "posix"
        ):  # where a server has just ended its port may be used again at once; elsewhere this means more
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ConfigError(_why(error, address, port)) from error


def _why(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < LAST_PORT else PORT
        return f"Port {port} of {address} is taken by another program: end that one, or choose another, such as --port {other}."
    if error.errno == errno.EACCES:
        return f"Port {port} is kept for the system: choose one from 1024 on, such as --port {PORT}."
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{address!r} is no address of this machine: leave --address out, or give one that it has."
    return f"Nothing can listen at port {port} of {address!r}: {error.strerror or error}."


def _ready(url: str, app: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    """Whether the app has begun to answer, before it or the wait was ended."""
    while app.poll() is None and not stop.wait(LOOK_SECONDS):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return True
        except OSError:
            continue
    return False


def _tell(link: str, word: str) -> None:
    """What the teacher shows to the class, and what they keep to themselves."""
    print(f"\n  The class opens {link}\n\n{qr(link, sys.stdout.encoding or 'ascii')}", flush=True)
    print(f"\n  The teacher's word: {word} (to be typed behind your name, beside a page's title)")
    print("  Everybody in this network can open the app until Ctrl+C ends it.\n", flush=True)


def qr(link: str, encoding: str) -> str:
    """The link as a QR code for a terminal, two rows a line where its characters hold half blocks."""
    import segno

    code, drawn = segno.make(link, error="m", micro=False), io.StringIO()
    try:
        HALVES.encode(encoding)
    except UnicodeEncodeError:
        code.terminal(drawn, border=2)
        return drawn.getvalue()
    code.terminal(drawn, border=2, compact=True)
    return "".join(f"  {WHITE_ON_BLACK}{line}{PLAIN}\n" for line in drawn.getvalue().splitlines())
