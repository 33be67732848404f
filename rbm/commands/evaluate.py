"""``python -m rbm evaluate``: how likely a trained machine finds the test images."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from rbm.commands._runs import add_run_argument, check_least, check_positive, find
from rbm.evaluation import verdict
from rbm.store import open_store
from rbm.tasks.likelihood import RESULT, Effort, LikelihoodJob


def add_arguments(parser: ArgumentParser) -> None:
    add_run_argument(parser)
    usual = Effort()
    parser.add_argument("--chains", type=int, default=usual.n_chains, help="AIS chains")
    parser.add_argument(
        "--temperatures", type=int, default=usual.n_temperatures, help="temperatures from base to model"
    )
    parser.add_argument(
        "--sweeps", type=int, default=usual.n_sweeps, help="Gibbs sweeps of the reverse chains before they start"
    )
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")


def run(arguments: Namespace) -> int:
    from tqdm import tqdm

    check_positive(chains=arguments.chains, temperatures=arguments.temperatures)
    check_least(0, sweeps=arguments.sweeps, seed=arguments.seed)
    data, run = find(arguments)
    effort = Effort(arguments.chains, arguments.temperatures, arguments.sweeps, arguments.seed)
    job = LikelihoodJob(data, effort)
    with tqdm(total=job.advance(0.0).total, unit="step", dynamic_ncols=True) as bar:
        while (step := job.advance()).result is None:
            bar.update(step.done - bar.n)
        bar.update(step.done - bar.n)
    if run is not None:
        open_store().add_evaluation(run.id, job.step_number, RESULT, step.result)
    print(json.dumps(step.result) if arguments.json else in_words(step.result))
    return 0


def in_words(result: dict[str, Any]) -> str:
    """The result as a few lines, nats."""
    exact, found = result["method"] == "exact", verdict.of_result(result)
    mark = f" {found.mark}" if found.mark else ""
    lines = [f"log Z               {result['log_z']:.2f}" + ("  exact" if exact else "")]
    if not exact:
        lines[0] += (
            f" ± {result['log_z_error']:.2f}  AIS, {result['n_chains']} × {result['n_temperatures']} temperatures"
        )
        lines.append(f"log Z, reverse      {result['log_z_reverse']:.2f}")
    for part in ("test", "validation", "train"):
        band = "" if exact else f"  ({result[f'{part}_low']:.2f} to {result[f'{part}_high']:.2f})"
        lines.append(
            f"{part + ' log-likelihood':<27} {result[part]:.2f} ± {result[f'{part}_error']:.2f} nats per image{band}{mark}"
        )
    if not exact:
        lines += found.sentences or (result["reason"],)
    return "\n".join(lines)
