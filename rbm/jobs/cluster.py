"""Where training runs: a Dask cluster in a child process of its own, or an existing one named by RBM_SCHEDULER.

That process is ``python -m rbm.cluster`` (``rbm.jobs.workers``). It is one of its own because the screen's process would starve
it (every small torch call waits for the interpreter lock), and because workers spawned from inside ``streamlit run`` would run
the app again as their main module.
"""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Any

from rbm.core.language import _
from rbm.errors import ClusterError
from rbm.jobs.turns import Turns

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0  # for a scheduler to be heard of
COMPILED_SECONDS = 300.0  # for our own: on a new machine it compiles first, for minutes where that is slow and busy
LOOK_SECONDS = 1.0  # between two questions who the workers are: each is a message to the scheduler
EMPTY_SECONDS = 60.0  # without a single worker, after which our own cluster is begun anew: its nannies have given up
SILENT_SECONDS = 5.0  # without an answer, after which pages that wait for one say so

# An upload goes to its worker as an argument; Dask warns of arguments above 10 MB, which are large for a graph of many tasks.
UPLOAD_BYTES = 2**30


class Place:
    """Where an actor is: the future that keeps it on its worker, that one's address, and once it is known its proxy."""

    def __init__(self, future: Any, worker: str | None) -> None:
        self.future, self.worker = future, worker
        self.actor: Any = None


class Cluster:
    """A connection to the workers; the child process behind it, if there is one, ends with ``close``."""

    def __init__(self, address: str, process: subprocess.Popen[str] | None) -> None:
        import dask

        dask.config.set({"distributed.admin.large-graph-warning-threshold": UPLOAD_BYTES})
        self.address, self._process = address, process
        self._asked: dict[Future[Any], Place] = {}  # what a worker still has to answer
        self._turns: dict[str, Turns] = {}  # of each worker, by its address
        try:
            self.client = _client(address)
        except OSError as error:
            if process is not None:
                process.kill()
                raise _ended_early(process) from error
            wrong = _(
                "No Dask scheduler answers at {address} ({error}); start one there with 'dask scheduler', or unset "
                "RBM_SCHEDULER to train on this machine."
            )
            raise ClusterError(wrong.format(address=address, error=error)) from error
        self._workers: tuple[str, ...] = ()
        self._seen: dict[
            str, tuple[float, float]
        ] = {}  # of each: its newest sign of life, and when that came to be known
        self._known = threading.Event()  # who the workers are
        self._answered_at = time.monotonic()
        self.client.loop.add_callback(self._listen)
        if process is not None:
            threading.Thread(target=self._tell_the_end, args=(process,), name="rbm-cluster", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the scheduler can still be reached."""
        gone = self._process is not None and self._process.poll() is not None
        return not gone and self.client.status == "running"

    def turns_of(self, worker: str) -> Turns:
        """The turns of the worker at that address, the same for all threads that ask."""
        return self._turns.setdefault(worker, Turns())

    def workers(self) -> tuple[str, ...]:
        """The addresses of those that are there, as the scheduler told a second ago. Waits for its first word alone."""
        self._known.wait(START_SECONDS)
        return self._workers

    @property
    def silent(self) -> bool:
        """Whether the scheduler, which is asked every second, has not answered for a while."""
        return time.monotonic() - self._answered_at > SILENT_SECONDS + LOOK_SECONDS

    def silent_worker(self, worker: str) -> bool:
        """Whether that one, of which the scheduler hears twice a second, has given no sign of life for a while."""
        _, since = self._seen.get(worker, (0.0, math.inf))
        return not self.silent and time.monotonic() - since > SILENT_SECONDS + LOOK_SECONDS

    async def _listen(self) -> None:
        """Ask the scheduler again and again who is there: whoever waits for a worker that is gone is told so.

        Dask itself leaves some of them waiting for ever: those whose actor was being made there, for one. And a nanny whose
        worker dies while it starts does not start another.
        """
        peopled = time.monotonic()
        while self.alive:
            try:
                told = (await self.client.scheduler.identity())["workers"]
                self._answered_at = time.monotonic()
                self._workers = tuple(told)
                newest = {worker: told[worker]["last_seen"] for worker in told}  # on the scheduler's own clock
                same = {worker: one for worker, one in self._seen.items() if one[0] == newest.get(worker)}
                self._seen = {worker: (seen, self._answered_at) for worker, seen in newest.items()} | same
                self._known.set()
                peopled = self._answered_at if self._workers else peopled
                if self._process is not None and self._answered_at - peopled > EMPTY_SECONDS:
                    self._process.kill()  # and with it its end is told to everyone who waits
            except (OSError, asyncio.CancelledError):  # the client tries again, and ``alive`` says what becomes of it
                await asyncio.sleep(LOOK_SECONDS)
                continue
            for answer, place in tuple(self._asked.items()):
                if place.worker is not None and place.worker not in self._workers:
                    _settle(answer, ConnectionError(f"the worker {place.worker} is gone"))
            await asyncio.sleep(LOOK_SECONDS)
        self._known.set()

    def place(self, kind: type, worker: str | None = None, *, only: bool = False) -> Place:
        """A new actor, on ``worker`` if that is there, and nowhere else with ``only``."""
        where = {"workers": [worker], "allow_other_workers": not only} if worker else {}
        return Place(self.client.submit(kind, actor=True, pure=False, **where), worker)

    def ask(self, place: Place, method: str, *arguments: Any) -> Future[Any]:
        """Call a method of an actor. The answer always comes: a value, or what went wrong.

        Dask's own future of an actor's call can only be waited for, by a thread each, and for ever where the cluster ends.
        """
        answer: Future[Any] = Future()
        self._asked[answer] = place
        answer.add_done_callback(lambda done: self._asked.pop(done, None))

        async def turn() -> None:
            try:
                if place.actor is None:
                    place.actor = await place.future
                    place.worker = place.actor._address  # it may have been begun elsewhere than was asked
                value = await getattr(place.actor, method)(*arguments)
            except (Exception, CancelledError, asyncio.CancelledError) as error:
                _settle(answer, error)
            else:
                _settle(answer, None, value)

        self.client.loop.add_callback(turn)
        if not self.alive:  # it may have ended before the question was among those to be told
            self._give_up()
        return answer

    def drop(self, place: Place) -> None:
        """Have an actor leave its worker; returns at once."""

        async def leave() -> None:
            with suppress(Exception, CancelledError, asyncio.CancelledError):  # a cluster that ends just now drops all
                await place.future.cancel()

        self.client.loop.add_callback(leave)

    def _tell_the_end(self, process: subprocess.Popen[str]) -> None:
        process.wait()
        self._give_up()

    def _give_up(self) -> None:
        for answer in tuple(self._asked):
            _settle(answer, ConnectionError("the training processes have ended"))

    def close(self) -> None:
        """Leave the scheduler, and end it if it is our own child."""
        self.client.close(timeout=2)
        self._give_up()
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _settle(answer: Future[Any], error: BaseException | None, value: Any = None) -> None:
    with suppress(InvalidStateError):  # whoever comes first, the worker's answer or the cluster's end
        if error is None:
            answer.set_result(value)
        else:
            answer.set_exception(error)


def _client(address: str) -> Any:
    """OSError where nobody answers. Dask itself waits for ever for a scheduler that takes the connection and says nothing."""
    from distributed import Client

    found: Future[Any] = Future()

    def begin() -> None:
        try:
            found.set_result(Client(address, timeout=START_SECONDS, direct_to_workers=True))
        except (Exception, asyncio.CancelledError) as error:
            found.set_exception(error)

    threading.Thread(target=begin, name="rbm-client", daemon=True).start()
    try:
        return found.result(START_SECONDS)
    except TimeoutError:
        found.add_done_callback(_close_late)
        raise TimeoutError(f"nothing was heard within {START_SECONDS:.0f} seconds") from None


def _close_late(found: Future[Any]) -> None:
    if found.exception() is None:
        found.result().close(timeout=2)


_lock = threading.Lock()
_current: Cluster | None = None
_connecting: list[float] = []  # since when, on the monotonic clock, while a thread is about it
_starting: list[subprocess.Popen[str]] = []  # the child that it waits for


def connect() -> Cluster:
    """The cluster that this process uses: found or started at the first call, and again if it has died.

    ClusterError where there is none to be had, ConnectionError where the one that was started has ended at once,
    ConnectionAbortedError where ``disconnect`` ended it.
    """
    global _current
    with _lock:
        if _current is None or not _current.alive:
            _connecting.append(time.monotonic())
            try:
                if _current is not None:
                    _current.close()
                    _current = None
                address = os.environ.get("RBM_SCHEDULER")
                process = None if address else _start_child()
                _current = Cluster(address or _started(process), process)
            finally:
                _connecting.clear()
        return _current


def silence() -> str:
    """What to say where somebody waits for the workers and they have not answered for SILENT_SECONDS; "" if they have."""
    since, here, address = next(iter(_connecting), math.inf), _current, os.environ.get("RBM_SCHEDULER")
    if time.monotonic() - since > SILENT_SECONDS:
        if address:
            return _(
                "No Dask scheduler has answered at {address} for {silent_seconds:.0f} seconds: see that one runs there."
            ).format(address=address, silent_seconds=SILENT_SECONDS)
        return _("The training processes are still starting; this goes on by itself as soon as they are there.")
    if here is not None and here.silent:
        return _(
            "The Dask scheduler at {address} has not answered for {silent_seconds:.0f} seconds: this goes on "
            "by itself as soon as it does; if it does not, see what holds up its machine, or start the server "
            "again."
        ).format(address=here.address, silent_seconds=SILENT_SECONDS)
    return ""


def disconnect() -> None:
    """End what ``connect`` began, a child that has not started yet too; the next ``connect`` starts anew."""
    global _current
    while _starting:  # whoever waits for it has the lock
        _starting.pop().kill()
    with _lock:
        if _current is not None:
            _current.close()
        _current = None


def _start_child() -> subprocess.Popen[str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", "rbm.cluster"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


def _started(process: subprocess.Popen[str] | None) -> str:
    """The address of the child, once its workers are there."""
    assert process is not None
    _starting.append(process)
    try:
        return _first_line(process)
    except ConnectionError as error:
        if process not in _starting:
            raise ConnectionAbortedError("the program ended while the training processes started") from error
        raise
    finally:
        _starting.clear()


def _first_line(process: subprocess.Popen[str]) -> str:
    """What it prints then."""
    assert process.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda out: lines.append(out.readline()), args=(process.stdout,), daemon=True)
    reader.start()
    reader.join(COMPILED_SECONDS)
    if lines and lines[0].startswith("tcp://"):
        return lines[0].strip()
    process.kill()
    if not reader.is_alive():
        raise _ended_early(process)
    wrong = _(
        "The training process did not start within {start_seconds:.0f} seconds; look at the server's log "
        "for its own words, and try 'python -m rbm.cluster' by hand."
    )
    raise ClusterError(wrong.format(start_seconds=COMPILED_SECONDS))


def _ended_early(process: subprocess.Popen[str]) -> ConnectionError:
    """Its processes are gone; the server's log has what they said."""
    for pipe in filter(None, (process.stdin, process.stdout)):
        pipe.close()
    process.wait()
    return ConnectionError("the training processes ended while they started; the server's log has their own words")
