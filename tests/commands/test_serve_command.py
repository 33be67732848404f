"""``python -m rbm serve`` as a person starts it, and what each of its refusals says."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import psutil
import pytest

from rbm.__main__ import main
from rbm.commands import serve
from rbm.errors import ConfigError
from tests.helpers.browser import start_server
from tests.helpers.places import ROOT
from tests.helpers.waiting import PATIENCE, finished
from tests.load.client import visit


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.socket() as other:
        other.bind((serve.HERE, 0))
        other.listen()
        yield other.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((serve.HERE, 0))
        return int(probe.getsockname()[1])


def listens_at(process: psutil.Process) -> set[str]:
    every = [process, *process.children(recursive=True)]
    return {one.laddr.ip for p in every for one in p.net_connections("inet") if one.status == psutil.CONN_LISTEN}


async def class_board(url: str, query: str) -> list[str]:
    async with visit(url) as visitor:
        await visitor.open("board", query)
        return visitor.texts


def test_the_class_finds_the_room_open_at_the_printed_address_and_an_interrupt_ends_all(monkeypatch):
    monkeypatch.delenv("RBM_TEACHER", raising=False)
    command = [sys.executable, "-m", "rbm", "serve", "--class", "--address", serve.HERE, "--port", str(free_port())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", env=utf8()) as process:
        try:
            came_and_went(process)
        finally:
            process.terminate()


def came_and_went(process: subprocess.Popen[str]) -> None:
    printed = ""
    while "until Ctrl+C" not in printed:
        line = process.stdout.readline()
        assert line, f"it ended with {process.wait()} after: {printed}"
        printed += line
    url, query = re.search(r"The class opens (http://127\.0\.0\.1:\d+)/board\?(room=[\w-]{8})\n", printed).groups()
    assert serve.qr(f"{url}/board?{query}", "utf-8") in printed
    assert re.search(r"The teacher's word: [\w-]{8} ", printed)
    assert any("You are in the teacher's room" in text for text in finished(class_board(url, query)))
    assert any("The room of this link is closed" in text for text in finished(class_board(url, "room=other")))
    assert [answer(url, host) for host in ("localhost", "led-here.example")] == [101, 403]
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    assert process.wait(PATIENCE) == 0
    assert not psutil.wait_procs(children, PATIENCE)[1]


def answer(url: str, host: str) -> int:
    """How the server answers whoever wants its socket by that name."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    asks = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    for name, value in {**asks, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}.items():
        connection.putheader(name, value)
    connection.endheaders()
    with closing(connection), connection.getresponse() as response:
        return response.status


def utf8() -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", "STREAMLIT_SERVER_HEADLESS": "true"}


@pytest.mark.slow  # the class finds its address in every run
def test_the_readmes_command_listens_on_this_machine_alone():
    process, _ = start_server()
    assert listens_at(psutil.Process(process.pid)) == {serve.HERE}
    process.terminate()
    process.wait(PATIENCE)


def test_a_taken_port_is_told_with_another(taken, capsys):
    assert main(["serve", "--port", str(taken)]) == 2
    assert f"Port {taken} of 127.0.0.1 is taken by another program" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "0"], "--port is 0; expected a number from 1 to 65535."),
        (["--address", "203.0.113.7"], "'203.0.113.7' is no address of this machine"),
        (["--address", "a.invalid"], "'a.invalid' is no address of this machine"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(arguments, sentence, capsys):
    assert main(["serve", *arguments]) == 2
    assert sentence in capsys.readouterr().err


class NoNetwork(socket.socket):
    """Of a machine that no packet can leave."""

    def connect(self, address: object) -> None:
        raise OSError(101, "Network is unreachable")


def test_without_a_network_there_is_no_class(monkeypatch):
    monkeypatch.setattr(socket, "socket", NoNetwork)
    with pytest.raises(ConfigError, match="no address in a network"):
        serve.own_address()


def test_a_terminal_without_blocks_gets_the_code_in_blanks():
    code = serve.qr("http://a/board?room=b", "ascii")
    assert code.isascii()
    assert "\x1b[7m" in code
    assert len(code.splitlines()) > len(serve.qr("http://a/board?room=b", "utf-8").splitlines())


@pytest.mark.parametrize(
    ("given", "usage", "meant"),
    [
        (["train", "--prest", "pcd"], "usage: python -m rbm train", "--prest pcd; did you mean --preset?"),
        (["data", "add", "a", "--name=b", "--invrt"], "usage: python -m rbm data add", "did you mean --invert?"),
        (["evaluate", "a", "--colour"], "usage: python -m rbm evaluate", "unrecognized arguments: --colour\n"),
        (["train", "--hidden", "-5"], "usage: python -m rbm train", "how many there are is --set n_hidden=-5"),
    ],
)
def test_a_command_tells_itself_what_it_does_not_know(given, usage, meant, capsys):
    with pytest.raises(SystemExit):
        main(given)
    told = capsys.readouterr().err
    assert told.startswith(usage)
    assert meant in told
