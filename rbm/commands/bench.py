"""``python -m rbm bench``: this engine's speed beside others' and beside the least that its products take, in one run."""

import argparse
import json
import math
import sys
from pathlib import Path

from rbm.commands._runs import check_positive, check_threads
from rbm.errors import ConfigError

DEFAULTS = ((500, 64, 1), (100, 64, 1), (1024, 128, 1), (500, 64, 10))  # hidden units, batch size, k


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Without --hidden, --batch and --k: " + "; ".join(
        f"{h} hidden, batch {b}, k {k}" for h, b, k in DEFAULTS
    )
    parser.add_argument("--hidden", type=int, help="hidden units of one race (500)")
    parser.add_argument("--batch", type=int, help="images a batch in one race (64)")
    parser.add_argument("--k", type=int, help="Gibbs steps an update in one race (1)")
    parser.add_argument("--threads", type=int, help="threads of every contender (as many as torch takes)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each engine, of which the median counts (5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of one run (0.5)")
    parser.add_argument(
        "--beside", type=Path, metavar="FOLDER", help="another checkout of this project, whose engine takes part too"
    )
    parser.add_argument("--no-tasks", action="store_true", help="leave out AIS, exact enumeration and Gibbs sweeps")
    parser.add_argument("--json", action="store_true", help="print values instead of tables")
    parser.add_argument(
        "--growth", type=Path, metavar="FILE.svg", help="measure growth and memory instead, and draw them"
    )

    parser.add_argument(
        "--race",
        type=Path,
        metavar="FILE.svg",
        help="time each engine's way to a likelihood instead, the best of a small search each, and draw it (half an hour)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Race, or draw growth; 0."""
    if not 0 < arguments.seconds < math.inf:
        raise ConfigError(f"seconds is {arguments.seconds:g}; a run needs a length above 0.")
    check_positive(runs=arguments.runs)
    if arguments.threads is not None:
        _take_threads(arguments.threads)
    if arguments.beside is not None and not (arguments.beside / "rbm" / "benchmarks").is_dir():
        raise ConfigError(f"{arguments.beside} holds no checkout of this project: git worktree add makes one.")
    if arguments.race is not None:
        return _race_for_quality(arguments)
    return _growth(arguments) if arguments.growth is not None else _races(arguments)


def _take_threads(threads: int) -> None:
    import torch

    check_threads(threads)
    torch.set_num_threads(threads)


def _races(arguments: argparse.Namespace) -> int:
    from rbm.benchmarks import engines, report, tasks
    from rbm.benchmarks.beside import checkout
    from rbm.benchmarks.race import Setting, race

    asked = (arguments.hidden, arguments.batch, arguments.k)
    settings = [Setting(*values) for values in DEFAULTS]
    if any(value is not None for value in asked):
        first = DEFAULTS[0]
        settings = [Setting(*(a if a is not None else usual for a, usual in zip(asked, first, strict=True)))]
    auto, products = engines.trainer(settings[0]).precision, engines.trainer(settings[0], "float32").products
    reference = engines.BFLOAT16 if auto.name == "bfloat16" else engines.FLOAT32
    races = []
    for setting in settings:
        print(f"{setting} ...", file=sys.stderr)
        with checkout(arguments.beside) as other:
            field = engines.ENGINES | ({} if other is None else {other.name: other.advance})
            races.append(race(setting, field, reference, runs=arguments.runs, seconds=arguments.seconds))
    with checkout(arguments.beside) as other:
        work = () if arguments.no_tasks else tasks.measure(arguments.runs, other=other)
    values = report.as_values(races, work, auto.reason, products.reason)
    print(json.dumps(values, indent=2) if arguments.json else report.as_text(values))
    return 0


def _race_for_quality(arguments: argparse.Namespace) -> int:
    from rbm.benchmarks import drawing, quality, report

    _check_drawing(arguments.race)
    trainings, skipped = quality.run(quality.recipes(), lambda words: print(words, file=sys.stderr, flush=True))
    about = report.machine()
    caption = (
        f"784–{quality.N_HIDDEN}, stochastic MNIST; {about['processor']}, {about['threads']} threads, {about['date']}"
    )
    _write(arguments.race, drawing.draw_quality(trainings, caption))
    values = report.quality_as_values(trainings, skipped)
    print(json.dumps(values, indent=2) if arguments.json else report.quality_as_text(values))
    return 0


def _check_drawing(path: Path) -> None:
    if path.suffix != ".svg":
        raise ConfigError(f"It is drawn as SVG, got {path.name!r}; name a file that ends in .svg.")


def _write(path: Path, drawing: str) -> None:
    try:
        path.write_text(drawing, "utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; name a file in a folder that exists."
        ) from error


def _growth(arguments: argparse.Namespace) -> int:
    import torch

    from rbm.benchmarks import drawing, growth, report
    from rbm.benchmarks.beside import checkout

    _check_drawing(arguments.growth)
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    with checkout(arguments.beside) as other:
        curves = growth.curves(other=other)
    memory, about = growth.peak_memory(), report.machine()
    caption = f"{about['processor']}, torch threads: {about['threads']}, {about['date']}; dashed: exactly linear"
    caption += "" if arguments.beside is None else f"; grey: the engine in {arguments.beside.name}"
    _write(arguments.growth, drawing.draw(curves, caption))
    if arguments.json:
        lines = {
            "machine": about,
            "peak_bytes": memory,
            "curves": [{**c._asdict(), "exponent": c.exponent} for c in curves],
        }
        print(json.dumps(lines, indent=2))
        return 0
    for curve in curves:
        print(f"{curve.title:<18} time of {curve.unit} ~ x^{curve.exponent:.2f} over its larger half (1 is linear)")
        for x, own, others in zip(curve.x, curve.seconds, curve.beside, strict=bool(curve.beside)):
            print(f"{x:>18,} {1000 * own:10.3f} ms, {others / own:.2f} times as fast as the engine beside it")
    print(f"peak memory, MNIST's 60,000 images, 784–500: {memory / 2**20:,.0f} MiB")
    return 0
