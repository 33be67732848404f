"""``python -m rbm train``: a run without a screen, into the same registry."""

from __future__ import annotations

import re
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from rbm.commands._runs import asked_to_stop, check_out, check_threads
from rbm.commands._settings import SET, described, split, value_of, with_settings
from rbm.core.limits import COMMAND
from rbm.datasets.catalog import entry
from rbm.errors import ConfigError, DivergenceError, StoreError
from rbm.experiment import (
    HIDDEN_NAMES,
    MANY_STATES,
    UNIT_NAMES,
    DatasetSpec,
    RunSpec,
    check_limits,
    check_units,
    with_units,
)
from rbm.jobs.recording import Record
from rbm.jobs.training import KEPT_EPOCHS, TrainingJob
from rbm.link import from_query
from rbm.presets import PRESETS
from rbm.store import Progress, Run, open_store

SLICE_SECONDS = 0.25
CHECKPOINT_SECONDS = 5.0


def add_arguments(parser: ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--spec", type=Path, help="a JSON file with the run's description (RunSpec.to_json)")
    source.add_argument("--preset", choices=list(PRESETS), help="a ready-made run")
    source.add_argument("--link", help="a link copied in the app")
    source.add_argument("--resume", metavar="ID", help="go on with a run of the registry from its newest checkpoint")
    parser.add_argument("--set", **SET)
    parser.add_argument("--seed", type=int, help="another seed than the description's")
    parser.add_argument("--data", metavar="NAME", help="another data set, such as ising_8 or own:cats")
    parser.add_argument("--visible", choices=UNIT_NAMES, help="another type of visible units, one that fits the data")
    parser.add_argument("--hidden", type=_a_type, choices=HIDDEN_NAMES, help="another type of hidden units")
    parser.add_argument("--states", type=int, metavar="M", help="states of categorical and multinary units")
    parser.add_argument("--tag", action="append", default=[], help="a tag for the run; may be given several times")
    parser.add_argument("--name", default="", help="what you call the run")
    parser.add_argument("--note", default="", help="a note for the run")
    parser.add_argument(
        "--keep", help="epochs whose checkpoints are kept, such as 1,5,10; 1, 2, 5, 10, 20 ... if left out"
    )
    parser.add_argument("--out", type=Path, help="also write the trained machine to this .safetensors file")
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of torch; 1 gives exactly the numbers of the app"
    )


def run(arguments: Namespace) -> int:
    check_threads(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    keep = _epochs(arguments.keep) if arguments.keep else KEPT_EPOCHS
    if arguments.out is not None:
        check_out(arguments.out, ".safetensors")
    COMMAND.kept.check(open_store().kept_bytes())
    record, checkpoint, knobs, known = _begun(arguments)
    check_limits(record.spec, COMMAND)
    job = TrainingJob(record.spec.to_json(), checkpoint, keep)
    if knobs:
        job.change(dict(knobs))
    last = _train(job, record, knobs, known=known)
    record.write()
    if arguments.out is not None:
        from rbm.checkpoint import save_checkpoint

        save_checkpoint(arguments.out, job.trainer.model, record.spec, state=job.trainer.state())
    if record.problem:
        raise StoreError(record.problem)
    print(f"run {record.id} · {last.status} · {open_store().checkpoint_path(record.id)}")
    if last.status == "diverged":
        raise DivergenceError(last.message)
    return 0


def _begun(arguments: Namespace) -> tuple[Record, bytes | None, dict[str, float], bool]:
    """The run's record, where it goes on from, its live knobs, and whether it is known where those were turned."""
    if arguments.resume is None:
        return Record(_spec(arguments), tags=arguments.tag, note=arguments.note, name=arguments.name), None, {}, True
    new = ("set", "seed", "data", "visible", "hidden", "states", "tag", "name", "note")
    if given := [name for name in new if getattr(arguments, name) not in (None, "", [])]:
        raise ConfigError(f"--{given[0]} is of a new run; one that goes on by --resume keeps what it has.")
    store = open_store()
    run: Run = store.run(arguments.resume)
    record = Record(run.spec, run_id=run.id)
    if said := record.claim():
        print(said)
    checkpoint = store.checkpoint(run.id) if store.checkpoints(run.id) else None
    return record, checkpoint, dict(run.progress.knobs), run.progress.changes is not None


def _spec(arguments: Namespace) -> RunSpec:
    if arguments.spec is not None:
        spec = described(arguments.spec)
    elif arguments.link is not None:
        query = _query(arguments.link)
        if "v" not in query:
            raise ConfigError(
                f"{arguments.link[:60]!r} is no link of a run; expected one with ?v=, such as Copy link gives on the page Train."
            )
        spec, notes = from_query(query)
        for note in notes:
            print(note)
    else:
        spec = PRESETS[arguments.preset or "default"].spec
    given = dict(map(split, arguments.set))
    _check_said_once(arguments, given)
    named = [one for one in arguments.set if split(one)[0] == "dataset"]
    others = [one for one in arguments.set if one not in named]
    spec = with_settings(
        _with_units(with_settings(spec, named), arguments, given), others
    )  # as asked, whatever followed
    if "temperature" in given and not (about := entry(spec.dataset.name)).thermal:
        raise ConfigError(f"{about.title} have no temperature: leave it out, or take Ising spins.")
    check_units(spec)
    return spec if arguments.seed is None else replace(spec, seed=arguments.seed)


def _check_said_once(arguments: Namespace, given: Mapping[str, str]) -> None:
    """ConfigError where --set asks for something else than the option of its own."""
    for option, name in (("data", "dataset"), ("visible",) * 2, ("hidden",) * 2, ("states", "n_states"), ("seed",) * 2):
        value = getattr(arguments, option)
        if value is not None and name in given and given[name] != str(value):
            raise ConfigError(
                f"--{option} {value} and --set {name}={given[name]} ask for two things: leave one of them out."
            )


def _a_type(text: str) -> str:
    """A type of hidden unit; somebody who gives a number means how many there are, which is another setting."""
    if re.fullmatch(r"[-+]?\d+", text):
        raise ArgumentTypeError(
            f"{text} is a number and this the type of unit; how many there are is --set n_hidden={text}"
        )
    return text


def _with_units(spec: RunSpec, arguments: Namespace, given: Mapping[str, str]) -> RunSpec:
    """The run with the data set and the units that were asked for, and with what follows them, as on the Train page.

    ``given``: the other settings that were asked for, among which may be types of units.
    """
    data = spec.dataset if arguments.data is None else DatasetSpec(arguments.data)
    asked = {"visible": arguments.visible, "hidden": arguments.hidden, "n_states": arguments.states}
    units = {name: value for name, value in asked.items() if value is not None}
    states = entry(data.name).states if arguments.data is not None else None
    if not units and states is None:
        return replace(spec, dataset=data)
    units = {**{name: value_of(name, given[name]) for name in asked if name in given}, **units}
    if states is not None and units.get("visible", "categorical") in MANY_STATES:  # of letters there are so many
        units = {"visible": "categorical", "n_states": states, **units}
    found = with_units({**asdict(spec.model), **asdict(spec.training)}, **units)
    model = replace(spec.model, **{name: found[name] for name in (*asked, "start")})
    return replace(
        spec, dataset=data, model=model, training=replace(spec.training, learning_rate=found["learning_rate"])
    )


def _epochs(text: str) -> tuple[int, ...]:
    try:
        epochs = tuple(int(part) for part in text.split(","))
    except ValueError:
        epochs = ()
    if not epochs or min(epochs) < 1:
        raise ConfigError(f"--keep is {text!r}; expected epochs such as 1,5,10.")
    return epochs


def _train(job: TrainingJob, record: Record, knobs: dict[str, float], *, known: bool) -> Progress:
    """Slices until the end, or until Ctrl+C, which leaves the run paused, its checkpoint written.

    ``known``: whether it is known where the run's knobs were turned.
    """
    from tqdm import tqdm

    trainer, saved_at = job.trainer, 0.0
    bar = tqdm(total=trainer.total_steps, initial=trainer.step_number, unit="batch", dynamic_ncols=True)
    with bar, asked_to_stop() as stop:
        while True:
            now, last = time.monotonic(), stop.is_set()
            due = last or now - saved_at > CHECKPOINT_SECONDS
            saved_at = now if due else saved_at
            slice_ = job.advance(SLICE_SECONDS, trainer.step_number if last else None, checkpoint=due)
            status = "paused" if last and slice_.status == "running" else slice_.status
            at = Progress(status, slice_.step, slice_.total_steps, slice_.epoch, trainer.seconds, slice_.reason)
            noted = slice_.changes if known else None
            record.take(at._replace(knobs=knobs, changes=noted), slice_)
            bar.update(slice_.step - bar.n)
            if slice_.events:
                bar.set_postfix(_shown(slice_.events[-1].metrics))
            if status != "running":
                return at


def _shown(metrics: Mapping[str, float]) -> dict[str, str]:
    """The few numbers that fit beside the bar."""
    short = {"error": "reconstruction_error", "gap": "free_energy_gap", "pseudo-ll": "pseudo_log_likelihood"}
    return {name: f"{metrics[key]:.3g}" for name, key in short.items() if key in metrics}


def _query(link: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(link).query))
    except ValueError as error:  # of a host that is none
        raise ConfigError(f"{link[:60]!r} is no link: {error}.") from error
