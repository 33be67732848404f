"""``python -m rbm sweep``: many runs on all workers, into the same registry, and the best of them found."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rbm.commands._runs import asked_to_stop, check_positive
from rbm.commands._settings import SET, described, number, split, value_of, with_settings
from rbm.errors import ConfigError, RbmError, UnusableError
from rbm.experiment import RunSpec
from rbm.jobs import cluster
from rbm.presets import PRESETS
from rbm.store import open_store
from rbm.sweep import METHODS, OBJECTIVES, Axis, Ledger, Sweep, SweepSpec, Trial, names
from rbm.sweep.ledger import DISTINCT, DONE, as_good, ranked
from rbm.sweep.spec import hidden_by_k

LOOK_SECONDS = 0.5


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what is searched")
    what.add_argument("--name", help="the sweep's name and its runs' tag; sweep-1, sweep-2 ... if left out")
    what.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="SETTING=A,B,...",
        help="values to try; n_hidden by k if left out",
    )
    what.add_argument(
        "--range",
        action="append",
        default=[],
        metavar="SETTING=LOW:HIGH[:log]",
        help="anything in a range, for random and tpe",
    )
    base = what.add_mutually_exclusive_group()
    base.add_argument("--spec", type=Path, help="a JSON file with all other settings (RunSpec.to_json)")
    base.add_argument("--preset", choices=list(PRESETS), help="all other settings from a ready-made run")
    what.add_argument("--set", **SET)
    how = parser.add_argument_group("how")
    how.add_argument("--method", choices=list(METHODS), help="grid unless there is a range; then tpe")
    how.add_argument("--objective", choices=list(OBJECTIVES), default="log_likelihood", help="what runs are judged by")
    how.add_argument("--temperatures", type=int, default=1000, help="of AIS, for log_likelihood")
    how.add_argument("--prune", action="store_true", help="stop poor runs early: successive halving")
    how.add_argument("--trials", type=int, help="how many runs at most; the whole grid, or 24, if left out")
    how.add_argument("--minutes", type=float, help="begin no other run after so long")
    how.add_argument("--workers", type=int, help="how many workers to use; all if left out")
    parser.add_argument(
        "--continue", dest="again", metavar="NAME", help="go on with a sweep; --trials and --minutes may be given again"
    )
    parser.add_argument("--list", action="store_true", help="the sweeps of the registry")
    parser.add_argument("--json", action="store_true", help="print the trials as JSON, one a line")


def run(arguments: Namespace) -> int:
    store = open_store()
    if arguments.list:
        print("\n".join(names(store)) or "There is no sweep yet.")
        return 0
    if arguments.workers is not None:
        check_positive(workers=arguments.workers)
    if arguments.again is not None:
        ledger = Ledger(arguments.again, store)
        ledger.extend(trials=arguments.trials, minutes=arguments.minutes)
    else:
        spec = _spec(arguments)
        ledger = Ledger.create(arguments.name or free_name(names(store)), spec, store)
    try:
        sweep = Sweep(ledger, workers=arguments.workers)
        _watch(sweep)
    finally:
        cluster.disconnect()
    trials = ledger.trials()
    print("\n".join(map(_json, trials)) if arguments.json else _table(ledger, trials))
    if sweep.problem:
        raise RbmError(sweep.problem)
    return 0


def free_name(taken: list[str]) -> str:
    """The first of sweep-1, sweep-2 ... that no sweep has."""
    number = 1
    while f"sweep-{number}" in taken:
        number += 1
    return f"sweep-{number}"


def _watch(sweep: Sweep) -> None:
    """A bar on the error output until the sweep is over: --json prints JSON alone. Ctrl+C leaves every trial as it is."""
    from tqdm import tqdm

    most = sweep.ledger.spec.most_trials
    what = f"sweep {sweep.ledger.name}: {most} trials at most, judged by {sweep.ledger.spec.objective}"
    print(what, file=sys.stderr, flush=True)
    form = "{l_bar}{bar}| {n:.1f}/{total} trials [{elapsed}<{remaining}{postfix}]"
    said = ""
    with tqdm(total=most, bar_format=form, dynamic_ncols=True) as bar, asked_to_stop() as stop:
        while sweep.active:
            sweep.wait(LOOK_SECONDS)
            if stop.is_set():
                sweep.stop()
            if (trouble := sweep.trouble) not in ("", said):
                waits = "The search waits and tries again by itself; Ctrl+C keeps every trial as it is."
                bar.write(f"{trouble} {waits}", file=sys.stderr)
            said = trouble
            try:
                _, share = sweep.progress()
                best = sweep.ledger.best()
            except UnusableError:  # the search itself says so, and waits
                continue
            bar.n = max(share * most, bar.n)
            mark = f" ({best.mark})" if best is not None and best.mark else ""
            bar.set_postfix_str("" if best is None else f"best {best.value:.2f}{mark} of trial {best.number + 1}")


def _spec(arguments: Namespace) -> SweepSpec:
    axes = tuple(map(_values, arguments.grid)) + tuple(map(_range, arguments.range))
    method = arguments.method or ("tpe" if arguments.range else "grid")
    return SweepSpec(
        _base(arguments),
        axes or hidden_by_k(),
        method,
        arguments.objective,
        arguments.prune,
        arguments.trials,
        arguments.minutes,
        arguments.temperatures,
    )


def _base(arguments: Namespace) -> RunSpec:
    spec = described(arguments.spec) if arguments.spec is not None else PRESETS[arguments.preset or "default"].spec
    return with_settings(spec, arguments.set)


def _values(given: str) -> Axis:
    name, text = split(given)
    return Axis(name, tuple(value_of(name, one.strip()) for one in text.split(",")))


def _range(given: str) -> Axis:
    name, text = split(given)
    low, _, rest = text.partition(":")
    high, _, scale = rest.partition(":")
    if scale not in ("", "log"):
        raise ConfigError(f"{given!r} is no range; expected such as learning_rate=0.001:0.3:log.")
    return Axis(name, low=number(name, low), high=number(name, high), log=scale == "log")


def _json(trial: Trial) -> str:
    return json.dumps({**trial._asdict(), "values": dict(trial.values)})


def _table(ledger: Ledger, trials: list[Trial]) -> str:
    """The best first, and a line about the rest."""
    objective, done = OBJECTIVES[ledger.spec.objective], ranked(trials, ledger.spec.objective)
    lines = [
        f"{objective.title} of {objective.images}, {objective.unit}, ± its standard error:",
        f"{'value':>10}  {'±':>6}  {'run':<12}  settings",
    ]
    for trial in done[:10]:
        words = ", ".join(
            f"{name}={v:g}" if isinstance(v, float) else f"{name}={v}" for name, v in trial.values.items()
        )
        error = "" if trial.error is None else f"{trial.error:.3f}"
        mark = f"  ({trial.mark})" if trial.mark else ""
        lines.append(f"{trial.value:>10.3f}  {error:>6}  {trial.run_id:<12}  {words}{mark}")
    others = len(as_good(trials, done[0])) if done else 0
    if others:
        lines.append(
            f"{others} of the others cannot be told from the best: within {DISTINCT:g} errors of the difference"
        )
    counts = {state: sum(t.state == state for t in trials) for state in (*DONE, "running", "waiting")}
    lines.append(" · ".join(f"{n} {state}" for state, n in counts.items() if n) or "no trial yet")
    lines += [f"trial {t.number + 1}: {t.message or t.doubt}" for t in trials if t.message or t.doubt][:5]
    return "\n".join(lines)
