"""A run as one HTML file to keep, to print or to send: it holds its pictures, fetches nothing and runs no script.

What people wrote, as notes, tags and names of data, is text there: it goes through ``_text``, and the page forbids itself
scripts and addresses by a policy of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from rbm import link
from rbm.core import glyphs
from rbm.core.colours import Lut, Mode, diverging
from rbm.core.language import CODE, _
from rbm.core.text import plain
from rbm.datasets.catalog import entry
from rbm.errors import DatasetError, RbmError
from rbm.experiment import RunSpec, cached_dataset
from rbm.report import curves, pictures, words
from rbm.report.curves import CurveLine
from rbm.report.looks import Looks, looks
from rbm.report.style import STYLE
from rbm.store import Evaluation, Run, likelihoods
from rbm.training.events import MEASURES
from rbm.training.history import SPEED_SECONDS, History

if TYPE_CHECKING:
    from rbm.checkpoint import Checkpoint

IMAGES, FANTASIES, SWEEPS, FILTERS = 10, 50, 200, 100
COLUMNS = 10
PARTS = {"test": _("test images"), "validation": _("validation images")}
LOGOS, WIDTH = 30, 560  # of logos: how many, and how many dots a row of them is wide
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
UNKNOWN_TURNS = _("Changed during training, but not recorded when: the code holds the settings at the start.")
_OTHERS = tuple(m for m in MEASURES if m not in ("log_likelihood", "free_energy_train", "free_energy_validation"))


def html(
    saved: Checkpoint,
    run: Run | None = None,
    history: History | None = None,
    evaluation: Evaluation | None = None,
    said: str = "",
) -> str:
    """The report of a checkpoint, and of the ``run`` of the registry that it belongs to, with all that is known of it there.

    evaluation: what was computed of the run's likelihood. said: what is to be told of a damaged checkpoint.
    """
    history = history if history is not None else saved.history
    title = words.name(saved.spec) if run is None else words.called(run)
    body = [
        _head(title, saved, run, history, said),
        _section(_("Log-likelihood"), _likelihood(_newest(history), evaluation)),
        *_pictures(saved),
        _section(_("Curves"), f'<div class="grid">{"".join(_charts(history))}</div>'),
        _section(_("Settings"), _settings(saved.spec, run)),
        _section(_("Code that repeats this run"), _code(saved.spec, run)),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{CODE}"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<style>{STYLE}</style></head><body><main>{''.join(body)}</main>{_foot(run)}</body></html>\n"
    )


def _text(outside: object) -> str:
    """Words from anywhere as text of the page, in an attribute too."""
    return escape(plain(outside))


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{_text(title)}</h2>{inner}</section>"


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{_text(one)}</p>" for one in sentences if one)


def _newest(history: History) -> dict[str, float]:
    """The last value of every number."""
    return {name: value for event in history.events for name, value in event.metrics.items()}


def _head(title: str, saved: Checkpoint, run: Run | None, history: History, said: str) -> str:
    facts = []
    if run is not None:
        at, began = run.progress, datetime.fromtimestamp(run.created_at, UTC)
        epochs = _("{epoch:.4g} of {epochs} epochs").format(epoch=at.epoch, epochs=saved.spec.training.epochs)
        facts = [_("run {run_id}").format(run_id=run.id), _(run.status), epochs]
        facts += [_("{n:,} updates").format(n=at.step), _("{n:,.1f} s of training").format(n=at.seconds)]
        facts += [_("begun {time:%Y-%m-%d %H:%M} UTC").format(time=began)]
    elif history.events:
        last = history.events[-1]
        facts = [_("{n:.4g} epochs").format(n=last.epoch), _("{n:,} updates").format(n=last.step)]
    parts = [f"<h1>{_text(title)}</h1>", f'<p class="facts">{_text(" · ".join(facts))}</p>']
    if run is not None:
        parts.append("".join(f'<span class="tag">{_text(tag)}</span>' for tag in run.tags))
        parts.append(f"<blockquote>{_text(run.note)}</blockquote>" if run.note else "")
    parts.append(f'<p class="warn">{_text(said)}</p>' if said else "")
    return f"<header>{''.join(parts)}</header>"


def _likelihood(numbers: Mapping[str, float], evaluation: Evaluation | None) -> str:
    """Each estimate with its bracket, the images that it is of, and its mark."""
    rows = []
    told = words.likelihood(numbers, evaluation.result if evaluation is not None else None)
    if not told:
        return _paragraphs(
            [_("Not computed yet: press Compute on the page Compare runs, or use python -m rbm evaluate.")]
        )
    if evaluation is not None:
        result, mark = evaluation.result, told[0].mark
        for part in PARTS:
            ends = [result.get(f"{part}_{end}") for end in ("low", "high")]
            exact = result["method"] == "exact"
            bracket = _("exact") if exact else _bracket_of(*ends)
            machine = _("computed after {step:,} updates").format(step=evaluation.step)
            rows.append(
                (PARTS[part], machine, f"{_number(result[part])} ± {result[f'{part}_error']:.2f}", bracket, mark)
            )
    live = likelihoods.of_numbers(numbers)
    if live is not None:
        bracket = _("exact") if live.exact else _bracket_of(live.reverse, live.validation)
        machine = _("estimated while it trained, after epoch {epoch:.4g}").format(epoch=live.epoch)
        rows.append((_("a sample of validation images"), machine, _number(live.validation), bracket, live.verdict.mark))
    cells = "".join(
        f"<tr><td>{_text(images)}</td><td>{_text(machine)}</td><td class=n>{_text(value)}{_mark(mark)}</td>"
        f"<td class=n>{_text(bracket)}</td></tr>"
        for images, machine, value, bracket, mark in rows
    )
    heads = (_("of"), _("the machine as it was"), _("nats per image"), _("between, in expectation"))
    return (
        f'<div class="wide"><table><thead><tr>{"".join(f"<th>{one}</th>" for one in heads)}</tr></thead>'
        f"<tbody>{cells}</tbody></table></div>"
        + _paragraphs(one.why for one in told)
        + _paragraphs(
            [
                _(
                    "Where it is not exact, the value rests on annealed importance sampling, which is too high on "
                    "average, and the lower end on its reverse, which is too low."
                )
            ]
        )
    )


def _bracket_of(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return _("{low} to {high}").format(low=_number(low), high=_number(high))


def _number(value: float | None) -> str:
    return "" if value is None else words.number(value)


def _mark(mark: str) -> str:
    return f' <strong class="mark">{_text(mark)}</strong>' if mark else ""


def _pictures(saved: Checkpoint) -> list[str]:
    spec = saved.spec
    try:
        shape = entry(spec.dataset.name).image_shape
        test = cached_dataset(spec.dataset, spec.model).test
    except RbmError as error:
        sentence = _("Its data set is not on this machine, so that nothing is known of the shape of its pictures.")
        return [_section(_("Pictures"), _paragraphs([sentence, str(error) if isinstance(error, DatasetError) else ""]))]
    seen = looks(saved.model, test[[i % len(test) for i in range(IMAGES)]], FANTASIES, SWEEPS)
    return [
        f'<div class="pair">{_filters(spec, seen, shape)}{_samples(spec, seen, shape)}</div>',
        _reconstructions(spec, seen, shape),
    ]


def _filters(spec: RunSpec, seen: Looks, shape: tuple[int, ...]) -> str:
    weight = spec.coding.filters(seen.weight).astype(np.float32)
    chosen = pictures.strongest(weight, LOGOS if spec.coding.letters else FILTERS)
    title = _("Filters: the {n_chosen} strongest of {shape}").format(n_chosen=len(chosen), shape=weight.shape[1])
    alt = _("The weights of {n_chosen} hidden units as pictures").format(n_chosen=len(chosen))
    if spec.coding.letters:
        return _section(title, _logos(weight[:, chosen], shape, alt))
    limit = pictures.reach(weight[:, chosen])
    found = pictures.wall(pictures.signed(weight.T[chosen], shape, limit), pictures.columns_for(shape, COLUMNS))
    if len(shape) == 3:
        about = _("Each picture holds one hidden unit's weights to red, green and blue; mid grey is none.")
        return _section(title, _image(pictures.address(found), alt) + _paragraphs([about]))
    about = _("Each picture holds one hidden unit's weights to all pixels: red pixels excite it, blue ones silence it.")
    legend = f'<p class="scale"><span>−{limit:.2f}</span><i></i><span>{limit:.2f}</span></p>'
    return _section(title, _shaded_image(found, alt) + legend + _paragraphs([about]))


def _logos(weight: np.ndarray, shape: tuple[int, ...], alt: str) -> str:
    """Weights to letters (L q, H) as logos, two or three side by side."""
    drawn = pictures.logos(weight, math.prod(shape))
    about = _(
        "Each logo holds one hidden unit's weights to the letters of every place: it favours those above "
        "the line and shuns those below, the higher the more."
    )
    columns = max(1, WIDTH // drawn.shape[2])
    return _shaded_image(
        pictures.wall(drawn, columns, 0), alt, partial(glyphs.scale, len(weight) // math.prod(shape))
    ) + _paragraphs([about])


def _samples(spec: RunSpec, seen: Looks, shape: tuple[int, ...]) -> str:
    alt = _("{fantasies} pictures that the machine made by itself").format(fantasies=FANTASIES)
    inner = _visible(spec, seen.fantasies, shape, COLUMNS, alt)
    about = _("Means of the pixels in {fantasies} chains, {sweeps} Gibbs steps from noise.").format(
        fantasies=FANTASIES, sweeps=SWEEPS
    )
    return _section(_("Samples"), inner + _paragraphs([about]))


def _reconstructions(spec: RunSpec, seen: Looks, shape: tuple[int, ...]) -> str:
    rows = np.concatenate([seen.originals, seen.reconstructions])
    inner = _visible(spec, rows, shape, IMAGES, _("Test images over their reconstructions"))
    about = _(
        "Top: test images. Bottom: their reconstructions ⟨v|⟨h⟩⟩. They do not show whether it makes such images by itself."
    )
    return f"""<div class="half">{_section(_("Reconstructions"), inner + _paragraphs([about]))}</div>"""


def _visible(spec: RunSpec, rows: np.ndarray, shape: tuple[int, ...], columns: int, alt: str) -> str:
    """Rows of the visible layer as pictures: letters; real values around zero in blue and red; others in grey or colour."""
    if entry(spec.dataset.name).states is not None:
        drawn = pictures.sequences(rows, math.prod(shape), spec.model.n_states)
        arranged = pictures.wall(drawn, columns, glyphs.RULE)
        return _shaded_image(arranged, alt, partial(glyphs.scale, spec.model.n_states))
    values = spec.coding.pixels(rows)
    if spec.model.visible == "gaussian" and len(shape) == 2:
        return _shaded_image(pictures.wall(pictures.signed(values, shape, 1.0), columns), alt)
    tiles = pictures.greys(values, spec.coding.lowest, shape)
    arranged = pictures.framed(tiles, columns) if spec.model.visible == "spin" else pictures.wall(tiles, columns)
    return _image(pictures.address(arranged), alt)


def _image(address: str, alt: str) -> str:
    return f'<img src="{address}" alt="{_text(alt)}">'


def _shaded_image(arranged: pictures.Bytes, alt: str, scale: Callable[[Mode], Lut] = diverging) -> str:
    """On the scale of the theme in which the page is read."""
    light, dark = pictures.address(arranged, scale("light")), pictures.address(arranged, scale("dark"))
    source = f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
    return f"<picture>{source}{_image(light, alt)}</picture>"


def _charts(history: History) -> list[str]:
    measured = set(history.metrics())
    found = [_bracket(history), _free_energies(history)]
    for metric in _OTHERS:
        if metric in measured:
            averaged = metric == "samples_per_second"
            column = history.averaged_rate(metric, SPEED_SECONDS) if averaged else history.column(metric)
            title, unit, *told = MEASURES[metric]
            found.append(_card(title, [CurveLine(title, *column)], unit, *told))
    return [one for one in found if one] or [_paragraphs([_("Nothing was measured yet.")])]


def _bracket(history: History) -> str:
    found, measure = likelihoods.along(history), MEASURES["log_likelihood"]
    doubtful = [x for x, unreliable in zip(found.x, found.unreliable, strict=True) if unreliable]
    ends = (_("reverse AIS"), found.reverse), ("AIS", found.ais)
    lines = [CurveLine(name, found.x, y, True, doubtful) for name, y in ends]
    hollow = _("Hollow dots are unreliable. ") if doubtful else ""
    return _card(
        measure.title, lines, _("nats per validation image"), hollow + measure.tells, measure.not_tells, band=True
    )


def _free_energies(history: History) -> str:
    names = {"train": _("train"), "validation": _("validation")}
    lines = [CurveLine(name, *history.column(f"free_energy_{part}")) for part, name in names.items()]
    tells = _(
        "The shaded gap is what matters: it opens when the machine likes images it has seen better than new ones."
    )
    not_tells = _("Both curves may rise or fall together, as log Z moves with them.")
    return _card(_("Free energies"), lines, _("nats per image"), tells, not_tells, band=True)


def _card(title: str, lines: Sequence[CurveLine], unit: str, tells: str, not_tells: str, *, band: bool = False) -> str:
    drawn = curves.chart(
        lines, x_title=_("epochs"), y_title=unit, about=_("{title} against epochs").format(title=title), band=band
    )
    if not drawn:
        return ""
    more = f"<details><summary>{_('What it shows')}</summary>{_paragraphs([tells, not_tells])}</details>"
    return f"<figure><figcaption>{_text(title)}</figcaption>{drawn}{more}</figure>"


def _settings(spec: RunSpec, run: Run | None) -> str:
    rows = "".join(
        f"<tr><td>{_text(one.part)}</td><td>{_text(one.label)}</td><td>{_text(one.value)}</td>"
        f"<td>{_text(one.usual)}</td></tr>"
        for one in words.settings(spec)
    )
    heads = "".join(f"<th>{one}</th>" for one in (_("part"), _("setting"), _("value"), _("usually, where it differs")))
    turned = words.turned(run) if run is not None else ""
    changed = _paragraphs([_("Changed during training: {turned}.").format(turned=turned)] if turned else [])
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{changed}'


def _code(spec: RunSpec, run: Run | None) -> str:
    changes = run.progress.changes if run is not None else ()
    about = UNKNOWN_TURNS if changes is None else _("On the same machine the same numbers, bit for bit.")
    return f"<pre><code>{escape(link.code(spec, changes or ()))}</code></pre>{_paragraphs([about])}"


def _foot(run: Run | None) -> str:
    made = [f"{package} {version}" for package, version in run.versions.items()] if run is not None else []
    at = [_("on {device}").format(device=run.progress.device)] if run is not None else []
    return f"<footer><p>{_text(' · '.join([_('Boltzmann Explorer'), *at, *made]))}</p></footer>"
