"""What one student does in a lesson, and how long each step kept them waiting."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field

from tests.load.client import Trouble, Visitor, visit

THINKING = 1.0  # seconds from one action to the next
GIBBS_STEPS = 10
_EPOCH = re.compile(r"poch ([\d.]+) of")


@dataclass
class Lesson:
    """Seconds waited by step, the epochs won while all trained, and what went wrong."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    epochs: float | None = None
    troubles: list[str] = field(default_factory=list)


async def attend(url: str, arrives: float, trains_from: float, trains_until: float) -> Lesson:
    """One student's lesson. Times are seconds on the event loop's clock: when to come, and the common time of training."""
    lesson = Lesson()
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(arrives - loop.time(), 0))
    try:
        async with visit(url) as visitor:
            await _follow(visitor, lesson, trains_from, trains_until)
    except (Trouble, OSError) as trouble:
        lesson.troubles.append(str(trouble))
    return lesson


async def _follow(visitor: Visitor, lesson: Lesson, trains_from: float, trains_until: float) -> None:
    waits = lesson.waits
    waits["open Home"].append(await visitor.open())
    await asyncio.sleep(THINKING)
    waits["go to Train"].append(await visitor.open("train"))
    await asyncio.sleep(THINKING)
    waits["press Train"].append(await visitor.press("train"))
    watched = asyncio.create_task(_watch(visitor, lesson, time.perf_counter(), trains_from, trains_until))
    await watched
    waits["go to Gibbs"].append(await visitor.open("gibbs"))
    async with visitor.listening() as heard:
        for _ in range(GIBBS_STEPS):
            await asyncio.sleep(THINKING)
            waits["one Gibbs step"].append(await visitor.press_and_see("step", "wall_v", heard))


async def _watch(visitor: Visitor, lesson: Lesson, pressed: float, begin: float, end: float) -> None:
    """Look at the curves until the common time is over; note the first point and the epochs won in that time."""
    loop = asyncio.get_running_loop()
    at_begin = epoch = 0.0
    try:
        async with asyncio.timeout(max(end - loop.time(), 1.0)):
            async for news in visitor.news():
                elements = news["elements"]
                found = _EPOCH.search(elements.get("status", {}).get("words", ""))
                epoch = float(found[1]) if found else epoch
                if loop.time() <= begin:
                    at_begin = epoch
                if "first point on the curve" not in lesson.waits and elements.get("chart_reconstruction_error"):
                    lesson.waits["first point on the curve"].append(time.perf_counter() - pressed)
    except TimeoutError:
        pass
    lesson.epochs = epoch - at_begin
