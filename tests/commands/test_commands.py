"""``python -m rbm train | evaluate | sample`` on a registry of their own."""

import json
import math
import signal
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rbm import link
from rbm.__main__ import main
from rbm.checkpoint import from_bytes, load_checkpoint, to_bytes
from rbm.commands.train import _spec, add_arguments
from rbm.core import glyphs
from rbm.errors import StoreError
from rbm.evaluation import exact, verdict
from rbm.evaluation.likelihood import log_likelihood
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer, suited_rate
from rbm.presets import PRESETS
from rbm.store import Store, bundle, open_store
from rbm.tasks.likelihood import RESULT, Effort, LikelihoodJob, fixed_data
from rbm.training.config import TrainConfig
from rbm.training.history import History
from tests.helpers.databases import let_go
from tests.helpers.places import ROOT
from tests.helpers.unit_pairs import PAIRS_IN_TURN, UNBOUNDED
from tests.helpers.waiting import ENDLESS, PATIENCE, trained, wait

TOY = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(algorithm="pcd", epochs=50, batch_size=10), 4)
WIDE = RunSpec(DatasetSpec(size=300), ModelSpec(13), TrainConfig(algorithm="pcd", epochs=3))


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("RBM_DATABASE_URL", raising=False)
    threads = torch.get_num_threads()
    yield open_store()
    torch.set_num_threads(threads)
    let_go(open_store())


def described(spec: RunSpec, folder: Path) -> str:
    path = folder / "run.json"
    path.write_text(spec.to_json())
    return str(path)


def train(spec: RunSpec, folder: Path, *more: str) -> str:
    assert main(["train", "--spec", described(spec, folder), *more]) == 0
    return open_store().runs()[0].id


def test_train_keeps_the_run_with_the_very_parameters_of_the_same_run_anywhere(registry, tmp_path, capsys):
    out = tmp_path / "machine.safetensors"
    run_id = train(TOY, tmp_path, "--tag", "night", "--note", "for later", "--keep", "3,40", "--out", str(out))
    run = registry.run(run_id)
    assert (run.spec, run.status, run.tags, run.note) == (TOY, "finished", ("night",), "for later")
    assert [c.step for c in registry.checkpoints(run_id)] == [9, 120, 150]
    assert registry.history(run_id).events[-1].step == 150
    for data in (registry.checkpoint(run_id), out.read_bytes()):
        np.testing.assert_array_equal(from_bytes(data).model.weight.detach().numpy(), trained(TOY))
    assert f"run {run_id} · finished" in capsys.readouterr().out


def test_train_takes_any_setting_over_a_preset(registry):
    asked = ["--set", "epochs=1", "--set", "n_hidden=20", "--set", "dataset=tiny_digits", "--set", "learning_rate=0.3"]
    assert main(["train", "--preset", "pcd", *asked, "--set", "seed=8"]) == 0
    spec = registry.runs()[0].spec
    preset = PRESETS["pcd"].spec
    model, training = replace(preset.model, n_hidden=20), replace(preset.training, epochs=1, learning_rate=0.3)
    assert spec == RunSpec(DatasetSpec("tiny_digits"), model, training, 8)


def test_train_takes_a_link_and_a_seed(registry, tmp_path):
    assert main(["train", "--link", link.to_url("http://server/train", TOY), "--seed", "9"]) == 0
    (run,) = registry.runs()
    assert run.spec == RunSpec(TOY.dataset, TOY.model, TOY.training, 9)


def test_a_temperature_is_that_of_the_data_that_are_asked_for_beside_it(registry, tmp_path):
    warm = "--data", "ising_4", "--visible", "spin", "--set", "temperature=3", "--set", "batch_size=1000"
    assert registry.run(train(TOY, tmp_path, *warm)).spec.dataset == DatasetSpec("ising_4", temperature=3.0)


def asked_for(*arguments: str) -> RunSpec:
    parser = ArgumentParser()
    add_arguments(parser)
    return _spec(parser.parse_args(arguments))


def test_a_setting_stays_as_asked_whatever_comes_with_data_and_units():
    assert asked_for("--data", "ising_8", "--set", "size=500").dataset == DatasetSpec("ising_8", size=500)
    assert asked_for("--set", "size=500", "--set", "dataset=ising_8").dataset == DatasetSpec("ising_8", size=500)
    spins = "--visible", "spin", "--hidden", "spin"
    assert asked_for(*spins, "--set", "learning_rate=0.05").training.learning_rate == 0.05
    assert asked_for(*spins).training.learning_rate == suited_rate("spin", "spin", 2) < 0.05
    assert asked_for("--data", "potts", "--set", "visible=multinary").model == ModelSpec(
        visible="multinary", n_states=4
    )
    assert asked_for("--data", "potts").model == ModelSpec(visible="categorical", n_states=4)
    levels = asked_for("--data", "faces", "--hidden", "bernoulli", "--set", "visible=multinary")
    assert (levels.model.n_states, levels.training.learning_rate) == (8, suited_rate("multinary", "bernoulli", 8))


@pytest.mark.parametrize(("visible", "hidden", "states"), [("spin", "spin", 2), ("multinary", "categorical", 3)])
def test_train_takes_units_evaluates_and_samples_their_machine(visible, hidden, states, registry, tmp_path, capsys):
    asked = "--visible", visible, "--hidden", hidden, "--states", str(states)
    run_id = train(TOY, tmp_path, *asked, "--data", "tiny_digits")
    spec = registry.run(run_id).spec
    assert spec.dataset == DatasetSpec("tiny_digits")
    assert (spec.model.visible, spec.model.hidden, spec.model.n_states) == (visible, hidden, states)
    assert spec.training.learning_rate == suited_rate(visible, hidden, states) < TOY.training.learning_rate
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    while not trainer.finished:
        trainer.step()
    saved = from_bytes(registry.checkpoint(run_id)).model
    for name, p in trainer.model.named_parameters():
        assert torch.equal(saved.get_parameter(name), p)
    capsys.readouterr()
    assert main(["evaluate", run_id, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["method"] == "exact"
    assert found["test"] == pytest.approx(
        log_likelihood(saved, fixed_data(spec)["test"], exact.log_partition(saved)).mean().item()
    )
    png = tmp_path / "samples.png"
    assert main(["sample", run_id, "--out", str(png), "--chains", "4", "--steps", "30"]) == 0
    grey = np.asarray(Image.open(png))
    assert grey.min() < 60
    assert grey.max() > 190


@pytest.mark.parametrize(("visible", "hidden"), PAIRS_IN_TURN)
def test_every_pair_of_units_is_trained_judged_and_sampled_from_the_command_line(
    visible, hidden, registry, tmp_path, capsys
):
    data = ["--data", "mnist", "--set", "size=50"] if visible in UNBOUNDED else ["--data", "tiny_digits"]
    states = ["--states", "3"] if {"categorical", "multinary"} & {visible, hidden} else []
    units = ["--visible", visible, "--hidden", hidden, *states, "--set", "epochs=2"]
    out = tmp_path / "machine.safetensors"
    run_id = train(TOY, tmp_path, *data, *units, "--out", str(out))
    run, saved = registry.run(run_id), load_checkpoint(out)
    assert (run.status, run.spec.model.visible, run.spec.model.hidden) == ("finished", visible, hidden)
    assert (saved.model.visible_unit.name, saved.model.hidden_unit.name) == (visible, hidden)
    capsys.readouterr()
    quick = "--chains", "4", "--temperatures", "20", "--sweeps", "5"
    assert main(["evaluate", str(out), "--json", *quick]) == 0
    found = json.loads(capsys.readouterr().out)
    assert math.isfinite(found["test"])
    assert main(["sample", str(out), "--out", str(tmp_path / "wall.png"), "--chains", "4", "--steps", "3"]) == 0
    assert np.ptp(np.asarray(Image.open(tmp_path / "wall.png"))) > 0


@pytest.mark.slow  # resuming is tested with kill -9 in every run
def test_a_stopped_run_is_paused_and_resume_gives_the_parameters_of_the_uninterrupted_one(registry, tmp_path):
    spec = RunSpec(model=ModelSpec(23), training=TrainConfig(algorithm="pcd", optimizer="adam", epochs=ENDLESS))
    begin, step = ["--spec", described(spec, tmp_path)], 0
    for _ in range(2):
        command = [sys.executable, "-m", "rbm", "train", *begin]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait(lambda beyond=step + 50: any(run.progress.step > beyond for run in registry.runs()))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        (run,) = registry.runs()
        assert run.status == "paused"
        assert f"run {run.id} · paused" in out
        assert run.progress.step > step + 50
        begin, step = ["--resume", run.id], run.progress.step
        assert registry.checkpoints(run.id)[-1].step == step
    weight = from_bytes(registry.checkpoint(run.id)).model.weight.detach().numpy()
    np.testing.assert_array_equal(weight, trained(spec, step))


def test_evaluate_is_exact_where_it_can_be_and_kept_with_the_run(registry, tmp_path, capsys):
    run_id = train(TOY, tmp_path)
    capsys.readouterr()
    assert main(["evaluate", run_id, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    model = from_bytes(registry.checkpoint(run_id)).model
    log_z = exact.log_partition(model)
    assert printed["method"] == "exact"
    assert printed["log_z"] == pytest.approx(log_z, abs=1e-9)
    expected = log_likelihood(model, fixed_data(TOY)["test"], log_z).mean().item()
    assert printed["test"] == pytest.approx(expected, abs=1e-9)
    (kept,) = registry.evaluations(run_id)
    assert (kept.step, kept.name, kept.result) == (150, RESULT, printed)
    assert main(["evaluate", run_id]) == 0
    assert "exact" in capsys.readouterr().out


def test_evaluate_brackets_what_it_cannot_enumerate(registry, tmp_path, capsys, monkeypatch):
    """The same machine with and without leave to enumerate: the truth lies within the ends of AIS's error bars."""
    run_id = train(WIDE, tmp_path)
    capsys.readouterr()
    truth = exact.log_partition(from_bytes(registry.checkpoint(run_id)).model)
    monkeypatch.setattr(exact, "LIMIT", 12)
    assert main(["evaluate", run_id, "--chains", "50", "--temperatures", "300"]) == 0
    out = capsys.readouterr().out
    assert "log Z, reverse" in out
    assert "nats per image (" in " ".join(out.split())
    (kept,) = registry.evaluations(run_id)
    found = kept.result
    assert found["method"] == "ais"
    assert found["crossed"] is (found["log_z_reverse"] < found["log_z"])
    assert found["reason"] in out
    assert found["log_z_low"] <= truth <= found["log_z_high"]
    assert found["test_low"] <= found["test"] - (truth - found["log_z"]) <= found["test_high"]
    assert "unreliable" not in out


def test_evaluate_marks_every_number_that_rests_on_few_chains(registry, tmp_path, capsys, monkeypatch):
    """After one temperature hardly any chain has met the model's own states."""
    run_id = train(TOY, tmp_path)
    monkeypatch.setattr(exact, "LIMIT", 1)
    capsys.readouterr()
    assert main(["evaluate", run_id, "--chains", "5", "--temperatures", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (kept,) = registry.evaluations(run_id)
    ess = min(kept.result["ess"], kept.result["ess_reverse"])
    assert ess < 5
    assert all(line.endswith(" unreliable") for line in lines if "nats per image" in line)
    assert verdict.too_few(ess) in lines


def test_the_job_in_small_slices_gives_the_same_numbers(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(exact, "LIMIT", 12)
    data = registry.checkpoint(train(WIDE, tmp_path))
    effort = Effort(n_chains=10, n_temperatures=40, n_sweeps=5)
    whole, sliced = LikelihoodJob(data, effort), LikelihoodJob(data, effort)
    steps = [sliced.advance(0.0)]
    while steps[-1].result is None:
        steps.append(sliced.advance(0.0))
    assert whole.advance(1e9).result == steps[-1].result
    assert [s.done for s in steps] == list(range(1, steps[-1].total + 1))  # no time is time for a step
    assert steps[-1].total == 3 * 40 + 5


def test_sample_writes_a_picture_and_a_film(registry, tmp_path, capsys):
    run_id = train(TOY, tmp_path)
    png, film = tmp_path / "a/s.png", tmp_path / "s.gif"
    assert main(["sample", run_id, "--out", str(png), "--gif", str(film), "--chains", "9", "--steps", "30"]) == 0
    with Image.open(png) as image:
        assert (image.format, image.size) == ("PNG", (28, 28))  # 3 × 4 pixels and 2 lines, twice as large
    with Image.open(film) as image:
        assert (image.format, image.n_frames) == ("GIF", 24)
    again = tmp_path / "again.png"
    path = str(registry.checkpoint_path(run_id))
    assert main(["sample", path, "--out", str(again), "--chains", "9", "--steps", "30"]) == 0
    assert again.read_bytes() == png.read_bytes()  # the same seed


def test_sample_writes_sequences_as_letters(registry, tmp_path):
    letters = ModelSpec(4, visible="categorical", n_states=4)
    run_id = train(RunSpec(DatasetSpec("potts", size=200), letters, TrainConfig(epochs=1, binarise="none")), tmp_path)
    png = tmp_path / "letters.png"
    assert main(["sample", run_id, "--out", str(png), "--chains", "4", "--steps", "30"]) == 0
    with Image.open(png) as image:
        height, width = 2 * glyphs.CELL[0] + 2 * glyphs.MARGIN, 4 * glyphs.CELL[1] + 2 * glyphs.MARGIN
        assert image.size == (4 * width + 2, 4 * height + 2)  # eight letters in two lines, two by two, twice as large
        found = {rgb for _, rgb in image.convert("RGB").getcolors()}
    assert {(255, 255, 255), tuple(glyphs.scale(4, "light")[glyphs.RULE])} < found  # the paper, the lines between
    assert len([one for one in found if len(set(one)) > 1]) > 10  # and letters in colour


def test_report_writes_one_file_of_a_run_of_one_of_its_checkpoints_and_of_a_file(registry, tmp_path):
    note = "<script>alert(1)</script>"
    run_id = train(TOY, tmp_path, "--keep", "10", "--note", note)
    assert main(["evaluate", run_id]) == 0
    out = tmp_path / "a/run.html"
    path = str(registry.checkpoint_path(run_id))
    for asked, said, others in (
        ([run_id], "150 updates", ("exact", "&lt;script&gt;alert(1)&lt;/script&gt;")),
        ([run_id, "--step", "30"], "30 updates", ("10 of 50 epochs",)),
        ([path], "RunSpec", ()),
    ):
        assert main(["report", *asked, "--out", str(out)]) == 0
        page = out.read_text("utf-8")
        assert said in page
        assert "<script" not in page
        for other in others:
            assert other in page
    assert main(["report", run_id, "--out", str(tmp_path)]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "--spec", "nowhere.json"], "'nowhere.json' cannot be read"),
        (["train", "--resume", "nobody"], "There is no run nobody"),
        (["train", "--keep", "1,x"], "--keep is '1,x'"),
        (["train", "--threads", "0"], "--threads is 0"),
        (["train", "--link", "http://x/?v=9"], "version '9'"),
        (["train", "--link", ""], "'' is no link of a run"),
        (["train", "--link", "http://[::1"], "'http://[::1' is no link: "),
        (["train", "--resume", ""], "There is no run "),
        (["train", "--threads", "99999999999"], "--threads is 99999999999; expected at most 1024"),
        (
            ["train", "--states", "99999999", "--hidden", "multinary"],
            "States M (n_states) is 99999999; expected 2 to 256",
        ),
        (["sweep", "--continue", ""], "There is no search"),
        (["evaluate", "nobody", "--sweeps", "-1"], "--sweeps is -1; expected 0 or more"),
        (["evaluate", "nobody", "--seed", "-1"], "--seed is -1; expected 0 or more"),
        (["report", "nobody", "--out", ""], "'.' is a folder; name a file in it"),
        (["bench", "--seconds", "nan"], "seconds is nan; a run needs a length above 0"),
        (["bench", "--hidden", "99999999999"], "n_hidden is 99999999999; a benchmark needs a whole number from 1 to"),
        (["train", "--link", "hello"], "'hello' is no link of a run; expected one with ?v="),
        (["train", "--set", "seed=abc"], "seed is 'abc'; expected a whole number."),
        (["train", "--set", "n_hidden=100000000"], "Hidden units (n_hidden) is 100000000; expected 1 to"),
        (["evaluate", ""], "No run is named; expected its id"),
        (["train", "--preset", "too_fast"], "Lower the learning rate"),
        (["train", "--visible", "gaussian", "--hidden", "relu"], "both are unbounded, so with large enough weights"),
        (
            ["train", "--data", "shifter", "--visible", "relu"],
            "Relu visible units do not fit Shifter, 8 bits; choose one of: b",
        ),
        (
            ["train", "--set", "dataset=ising_4", "--set", "visible=gaussian"],
            "Gaussian visible units do not fit Ising spins, 4×4; choose one of: spin, bernoulli.",
        ),
        (
            ["train", "--data", "ising_8", "--set", "temperature=0"],
            "The temperature is 0.0; expected a number from 0.1",
        ),
        (
            ["train", "--data", "ising_8", "--set", "temperature=2,2"],
            "The temperature 2 is given twice; give each once.",
        ),
        (["train", "--set", "temperature=2"], "MNIST digits have no temperature: leave it out, or take Ising spins."),
        (["train", "--data", "potts", "--set", "n_states=3"], "have 4 states a place: set the states M to 4."),
        (
            ["train", "--visible", "spin", "--set", "visible=gaussian"],
            "--visible spin and --set visible=gaussian ask for two things: leave one of them out.",
        ),
        (
            ["train", "--set", "visible=categorical", "--data", "tiny_digits", "--set", "start=components"],
            "Categorical units cannot start at components",
        ),
        (["train", "--set", "epoch=1"], "There is no setting 'epoch'; known are: n_hidden"),
        (["train", "--set", "epochs=0"], "Epochs is 0; expected 1 to 5000"),
        (["train", "--set", "epochs"], "'epochs' is no setting with its value"),
        (["train", "--resume", "nobody", "--set", "k=5"], "--set is of a new run"),
        (["train", "--states", "1"], "States M (n_states) is 1; expected 2 to 256"),
        (["evaluate", "nobody"], "There is no run nobody"),
        (["evaluate", "no.safetensors"], "'no.safetensors' cannot be read"),
        (["sample", "nobody", "--beta", "-1"], "--beta is -1"),
        (["sample", "nobody", "--chains", "1000000"], "--chains is 1,000,000; expected at most 250,000"),
        (["sample", "nobody", "--out", "x.jpg"], "'x.jpg' is written as .png"),
        (["sample", "nobody", "--gif", "x.txt"], "'x.txt' is written as .gif"),
        (["sample", "nobody", "--out", "."], "'.' is a folder; name a file in it"),
        (["evaluate", "x.safetensors", "--step", "3"], "--step is of a run of the registry"),
        (["evaluate", "nobody", "--chains", "0"], "--chains is 0; expected 1 or more"),
        (["train", "--out", "."], "'.' is a folder; name a file in it"),
        (["train", "--resume", "nobody", "--hidden", "relu"], "--hidden is of a new run"),
        (["train", "--resume", "nobody", "--tag", "x"], "--tag is of a new run"),
        (["add", "nowhere.zip"], "'nowhere.zip' cannot be read"),
        (["add", __file__], "take a file that ends in .zip or .safetensors"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, sentence, capsys):
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_run_of_another_registry_is_added_and_goes_on(registry, tmp_path, capsys):
    trainer = make_trainer(TOY, make_dataset(TOY.dataset))
    events = [trainer.step(report=True) for _ in range(40)]
    path = tmp_path / "run.zip"
    path.write_bytes(bundle.write(to_bytes(trainer.model, TOY, History(events), state=trainer.state())))
    assert main(["add", str(path)]) == 0
    (run,) = registry.runs()
    assert f"run {run.id} · paused" in capsys.readouterr().out
    assert (run.spec, run.tags, run.note, run.progress.step) == (TOY, ("uploaded",), "run.zip", 40)
    assert main(["train", "--resume", run.id]) == 0
    weight = from_bytes(registry.checkpoint(run.id)).model.weight.detach().numpy()
    np.testing.assert_array_equal(weight, trained(TOY))


def test_a_diverged_run_is_kept_as_such(registry):
    assert main(["train", "--preset", "too_fast"]) == 2
    (run,) = registry.runs()
    assert run.status == "diverged"
    assert "Lower the learning rate" in run.progress.message


def test_a_run_that_another_trains_is_not_taken(registry, tmp_path, capsys):
    run_id = train(TOY, tmp_path)
    run = registry.run(run_id)
    registry.claim(run_id, "another")
    registry.write(run_id, "another", run.progress._replace(status="running"))
    assert main(["train", "--resume", run_id]) == 2
    assert f"Another tab or server trained run {run_id}" in capsys.readouterr().err
    with pytest.raises(StoreError):
        registry.claim(run_id, "me")


def test_a_file_named_by_its_path_needs_no_registry(tmp_path, capsys):
    out = tmp_path / "m.safetensors"
    train(TOY, tmp_path, "--out", str(out))
    assert load_checkpoint(out).spec == TOY
    assert main(["evaluate", str(out)]) == 0
    assert "log Z" in capsys.readouterr().out


def test_a_bundle_makes_what_is_missing_and_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    from rbm import bundled
    from rbm.studies import bundle

    made: list[str] = []
    whole = bundled.FOLDER

    def make(name: str, say: object) -> None:
        made.append(name)
        (tmp_path / f"{name}.safetensors").write_bytes((whole / f"{name}.safetensors").read_bytes())
        if len(made) == 2:
            raise StoreError("Interrupted.")

    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    monkeypatch.setattr(bundle, "make", make)
    assert main(["bundle"]) == 2
    assert main(["bundle"]) == 0
    assert made == list(bundled.NAMES)
    assert (
        "digits-500: MNIST digits · 500 hidden · PCD-1, epoch 25, −88.53 nats, test images" in capsys.readouterr().out
    )
    assert main(["bundle", "labels", "--anew"]) == 0
    assert made[-1] == "labels"
    assert main(["bundle", "nothing"]) == 2
    assert "No machine is called 'nothing'" in capsys.readouterr().err
