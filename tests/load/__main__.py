"""A class on this machine: ``python -m tests.load --sessions 60`` prints what each step took and what it cost.

    --sessions N    students, who all come within --arrive seconds, train for --train common seconds and then step chains
    --heavy N       as many more, who train 1,024 units at k = 50 beside them; what they wait for is not in the table
    --together      they all leave training for Gibbs sampling in the same instant, not within --arrive seconds
    --turns N       instead: N sessions, eight at a time, opened, used and closed, and the server's memory after each fifty
    --url URL       an app that is already running (memory is then not told)

Every student acts once a second. Where the machine has few cores this program itself takes some of their time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
from collections import Counter, defaultdict

from tests.load.client import Trouble, visit
from tests.load.lesson import GIBBS_STEPS, Common, Lesson, attend
from tests.load.server import Server, serve
from tests.load.shares import Shares, between, median_updates, shares, won

AT_ONCE = 8
LONGEST = 600.0  # seconds beyond the common time that a very busy machine may take for its updates


async def a_class(
    url: str,
    server: Server | None,
    *,
    sessions: int,
    arrive: float,
    train: float,
    heavy: int = 0,
    steps: int = GIBBS_STEPS,
    updates: int = 0,
    together: bool = False,
) -> tuple[list[Lesson], Shares | None]:
    """A lesson: what each student had of it, and how the workers were shared, where the server's registry is known.

    All come, and leave training, within ``arrive`` seconds of each other, or leave it ``together`` at one word of the teacher.
    The common time lasts ``train`` seconds, and until half of the light runs have won so many ``updates``.
    """
    everybody = sessions + heavy
    common = Common(everybody)
    after = [arrive * i / max(everybody - 1, 1) for i in range(everybody)]
    counted = asyncio.create_task(_counted(server, common, train, updates))
    lessons = await asyncio.gather(
        *(
            attend(url, common, comes=t, leaves=0.0 if together else t, heavy=i < heavy, steps=steps)
            for i, t in enumerate(after)
        )
    )
    return lessons, await counted


async def _counted(server: Server | None, common: Common, train: float, updates: int) -> Shares | None:
    """End the common time, and say how it was shared out."""
    await common.begun.wait()
    before = won(server.store) if server else {}
    await asyncio.sleep(train)
    found = between(before, won(server.store)) if server else []
    deadline = asyncio.get_running_loop().time() + LONGEST
    while server and median_updates(found) < updates and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(1.0)
        found = between(before, won(server.store))
    common.over.set()
    return shares(found) if server else None


async def _turn(url: str, turnstile: asyncio.Semaphore) -> str:
    """One short visit; what went wrong, if anything did."""
    async with turnstile:
        try:
            async with visit(url) as visitor:
                await visitor.open()
                await visitor.open("train")
                await visitor.press("one_batch")
                await visitor.open("energy")
                await visitor.open("runs")
        except (Trouble, OSError) as trouble:
            return str(trouble)
    return ""


async def first_visit(url: str) -> None:
    """The first visitor pays for what is made once: until a machine has learnt its first batch."""
    async with visit(url) as visitor:
        await visitor.open("train")
        await visitor.press("one_batch")
        async with contextlib.aclosing(visitor.news()) as every:
            async for news in every:
                if news["elements"].get("wall_filters"):
                    return


def report(lessons: list[Lesson], shared: Shares | None) -> str:
    """The table: median, 95 % and slowest of every step, each student's share, troubles."""
    waits: dict[str, list[float]] = defaultdict(list)
    for lesson in (one for one in lessons if not one.heavy):
        for step, seconds in lesson.waits.items():
            waits[step] += seconds
    lines = [f"{'seconds':26} {'median':>8} {'95 %':>8} {'slowest':>8} {'count':>6}"]
    for step, seconds in ((step, seconds) for step, seconds in waits.items() if seconds):
        ordered = sorted(seconds)
        late = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
        lines.append(f"{step:26} {statistics.median(ordered):8.2f} {late:8.2f} {ordered[-1]:8.2f} {len(ordered):6}")
    epochs = [lesson.epochs for lesson in lessons if lesson.epochs is not None and not lesson.heavy]
    if epochs:
        middle = statistics.median(epochs)
        lines.append(
            f"epochs in the common time: median {middle:.2f}, slowest {min(epochs):.2f}, fastest {max(epochs):.2f}"
        )
    if shared is not None:
        lines.append(f"a worker's seconds, slowest / median {shared.slowest:.2f}; each student's / median:")
        told = [f"{share:.2f}" for share in shared.each]
        lines += ["  " + " ".join(told[at : at + 20]) for at in range(0, len(told), 20)]
    if shared is not None and shared.beside_heavy is not None:
        lines.append(f"a worker's seconds, the median student's / the heaviest neighbour's {shared.beside_heavy:.2f}")
    troubles = Counter(trouble for lesson in lessons for trouble in lesson.troubles)
    lines += [f"{n} × {trouble}" for trouble, n in troubles.most_common()] or ["no errors"]
    return "\n".join(lines)


async def visits(url: str, count: int) -> list[str]:
    """So many short visits, some at a time; what went wrong."""
    turnstile = asyncio.Semaphore(AT_ONCE)
    return [said for said in await asyncio.gather(*(_turn(url, turnstile) for _ in range(count))) if said]


def _turns(url: str, server: Server | None, count: int) -> None:
    for done in range(0, count, 50):
        troubles = asyncio.run(visits(url, min(50, count - done)))
        print(f"{done + 50:5} sessions, {_memory(server)}, {len(troubles)} with trouble {Counter(troubles) or ''}")


def _memory(server: Server | None) -> str:
    if server is None:
        return "memory not known"
    own, everything = server.memory()
    return f"{own:,.0f} MB the server, {everything:,.0f} MB with its workers, {server.seconds():.0f} s of processor"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--heavy", type=int, default=0)
    parser.add_argument("--arrive", type=float, default=15.0)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--train", type=float, default=30.0)
    parser.add_argument("--turns", type=int, default=0)
    parser.add_argument("--url")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        server = None if asked.url else stack.enter_context(serve())
        url = asked.url or server.url
        asyncio.run(first_visit(url))
        print(f"at the start: {_memory(server)}")
        if asked.turns:
            _turns(url, server, asked.turns)
            return
        lesson = a_class(
            url,
            server,
            sessions=asked.sessions,
            arrive=asked.arrive,
            train=asked.train,
            heavy=asked.heavy,
            together=asked.together,
        )
        print(report(*asyncio.run(lesson)))
        print(f"at the end: {_memory(server)}")


if __name__ == "__main__":
    main()
