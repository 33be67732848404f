"""What one student does in a lesson, and how long each step kept them waiting."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from contextlib import aclosing
from dataclasses import dataclass, field
from urllib.parse import urlencode

from websockets import WebSocketException

from rbm.experiment import ModelSpec, RunSpec
from rbm.link import to_query
from rbm.training.config import TrainConfig
from tests.load.client import PATIENCE, Trouble, Visitor, visit

THINKING = 1.0  # seconds from one action to the next
GIBBS_STEPS = 10
FIRST = "first point on the curve"
HEAVY = RunSpec(model=ModelSpec(n_hidden=1024), training=TrainConfig(k=50))
_EPOCH = re.compile(r"poch ([\d.]+) of")


class Common:
    """The time in which all train: it begins when everybody has a first point, or has given up."""

    def __init__(self, students: int) -> None:
        self.begun, self.over = asyncio.Event(), asyncio.Event()
        self._awaited = students

    def ready(self) -> None:
        """There is one less to wait for."""
        self._awaited -= 1
        if self._awaited == 0:
            self.begun.set()


@dataclass
class Lesson:
    """Seconds waited by step, the epochs won while all trained, and what went wrong. ``heavy``: a machine of 1,024 units."""

    heavy: bool = False
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    epochs: float | None = None
    troubles: list[str] = field(default_factory=list)


async def attend(
    url: str, common: Common, *, comes: float, leaves: float, heavy: bool = False, steps: int = GIBBS_STEPS
) -> Lesson:
    """One student's lesson, which for a ``heavy`` one is over with the common time.

    comes: seconds from now until they do. leaves: seconds from the end of the common time until they go on to Gibbs sampling.
    """
    lesson = Lesson(heavy)
    await asyncio.sleep(comes)
    try:
        async with visit(url) as visitor:
            await _train(visitor, lesson, common)
            if not heavy:
                await asyncio.sleep(leaves)
                await _sample(visitor, lesson, steps)
    except (Trouble, OSError, WebSocketException) as trouble:
        lesson.troubles.append(str(trouble))
    finally:
        if FIRST not in lesson.waits:
            common.ready()
    return lesson


async def _train(visitor: Visitor, lesson: Lesson, common: Common) -> None:
    waits = lesson.waits
    waits["open Home"].append(await visitor.open())
    await asyncio.sleep(THINKING)
    waits["go to Train"].append(await visitor.open("train", urlencode(to_query(HEAVY)) if lesson.heavy else ""))
    await asyncio.sleep(THINKING)
    waits["press Train"].append(await visitor.press("train"))
    watching = asyncio.create_task(_watch(visitor, lesson, time.perf_counter(), common))
    ending = asyncio.create_task(common.over.wait())
    await asyncio.wait((watching, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if watching.done():
        watching.result()
        raise Trouble("the page's news have ended")
    watching.cancel()
    await asyncio.wait((watching,))


async def _watch(visitor: Visitor, lesson: Lesson, pressed: float, common: Common) -> None:
    try:
        async with asyncio.timeout(PATIENCE) as patience:
            await _look(visitor, lesson, pressed, common, patience)
    except TimeoutError:
        raise Trouble(f"no first point within {PATIENCE:.0f} s") from None


async def _look(visitor: Visitor, lesson: Lesson, pressed: float, common: Common, patience: asyncio.Timeout) -> None:
    """Look at the curves; note the first point, and the epochs won while all train."""
    at_begin = epoch = 0.0
    async with aclosing(visitor.news()) as every:
        async for news in every:
            elements = news["elements"]
            found = _EPOCH.search(elements.get("status", {}).get("words", ""))
            epoch = float(found[1]) if found else epoch
            if not common.begun.is_set():
                at_begin = epoch
            lesson.epochs = epoch - at_begin
            if FIRST not in lesson.waits and elements.get("chart_reconstruction_error"):
                lesson.waits[FIRST].append(time.perf_counter() - pressed)
                common.ready()
                patience.reschedule(None)


async def _sample(visitor: Visitor, lesson: Lesson, steps: int) -> None:
    lesson.waits["go to Gibbs"].append(await visitor.open("gibbs"))
    async with visitor.listening() as heard:
        for _ in range(steps):
            await asyncio.sleep(THINKING)
            lesson.waits["one Gibbs step"].append(await visitor.press_and_see("step", "wall_v", heard))
