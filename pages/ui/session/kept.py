"""The machines that pages show: the visitor's run, those that come with the program, and the class's kept runs.

    MNIST · 500 hidden · PCD-1 · epoch 25 · comes with the program          [Another machine]

Each page that shows a machine names it in this line, whose menu leads to any other. A page is never empty: it opens with one
that comes with the program, until the visitor has one. What is looked at changes nothing of the visitor's own run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import numpy as np
import streamlit as st

from pages.ui import cards, shell
from pages.ui.components.moving import facts, table
from pages.ui.server import feed
from pages.ui.server.turnstile import in_turns
from pages.ui.session import live, state, tasks, visitor
from rbm import bundled
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.datasets.catalog import is_available
from rbm.errors import ConfigError, RbmError, StoreError
from rbm.experiment import RunSpec, cached_dataset, make_model
from rbm.jobs.job import Job, all_jobs
from rbm.jobs.live import LiveRun
from rbm.jobs.machines import Kind, at_rest
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.task import Task
from rbm.jobs.training import reconstructions, shown_images
from rbm.report.looks import Looks
from rbm.report.looks import looks as machine_looks
from rbm.report.words import called, data_title
from rbm.report.words import name as name
from rbm.store import Run, open_store
from rbm.store.owners import NOBODY
from rbm.training.events import TrainEvent
from rbm.training.history import History

IMAGES, FANTASIES, SWEEPS = 5, 10, 200
RUNS = ("digits-500", "digits-100")  # the bundled machines that are runs; the first is what a page opens with
MINE = "mine"  # the visitor's own, in the menu
MOST_TRIED = 3  # of a visitor's newest runs, where they cannot be opened
MOST_KEPT = 100  # of the registry's runs in the menu, the newest
FRESH_SECONDS = 2.0  # for which all visitors' menus read the registry once
PLACE, MENU = "machine", "machine_menu"  # keys of the line and of its menu
STANDS = {
    "starting": _("training"),
    "running": _("training"),
    "idle": _("untrained"),
    "diverged": _("stopped"),
    "failed": _("stopped"),
}


def machine() -> LiveRun:
    """The machine that this page shows, named in a line: the one chosen there, else the visitor's run, else the newest that
    the visitor has kept, else a bundled one."""
    own = state.held()
    part = live.watch(PLACE, own, lambda: own is not None and bool(own.past))
    asked, usual, found, words = _asked(own), MINE, None, ""
    if asked:
        try:
            found, words = _opened(asked)
        except RbmError as error:
            with cards.notice("machine"):
                st.warning(as_typed(error), icon=":material/info:")
            st.session_state.pop(state.LOOKED, None)
            asked = ""
    if found is None and own is not None and own.past:
        found, words = own, _of_own(own)
        part.moves(partial(lambda run: {PLACE: table((), [(_of_own(run),)])}, own))
    elif found is None:
        usual, (found, words) = _usual()
        live.trouble(own, name="own")  # why the visitor's is not here, or cannot be seen yet
    elif asked == _refused(own):
        live.refused()  # why it can be looked at and no more
    _put_address(own, asked)
    shown = asked or usual
    line(words, {key: said for key, said in _menu(own).items() if key != shown}, _look, leads=True)
    if not has_data(found.spec):
        st.warning(
            _(
                "What this machine learnt from, {data_title}, is not on this server any more, and without it the "
                "page cannot draw its pictures: bring it back under that name (page **Bring your own data**), or "
                "choose another machine above. The run itself is kept."
            ).format(data_title=as_typed(data_title(found.spec))),
            icon=":material/info:",
        )
        st.stop()
    return found


def _usual() -> tuple[str, tuple[LiveRun, str]]:
    """What is shown to whom has no run here and chose nothing: by its key, as `_opened` gives it."""
    me = visitor.current().id
    mine = [run.id for run in _kept() if run.visitor == me != NOBODY.id]
    for own in [key for key in mine if key in open_store().newest_steps()][:MOST_TRIED]:
        try:
            return own, _opened(own)
        except RbmError:
            told = _(
                "Your run {run_id} cannot be opened, its newest checkpoint is damaged; **Compare runs** has earlier ones."
            )
            with cards.notice(f"damaged_{own}"):
                st.warning(told.format(run_id=own[:6]), icon=":material/info:")
    return RUNS[0], _opened(RUNS[0])


def lent() -> tuple[LiveRun, str] | None:
    """The run that the address names where it is here to be looked at and no more, and whose it is: another visitor's, as it
    trains in this server or as it was kept; or, as it was kept, "" the visitor's own, which another tab or server holds."""
    back = state.come_back()
    if back is None or not (back.anothers or back.held):
        return None
    try:
        if back.held:
            return (_opened(back.run_id)[0], "") if open_store().checkpoints(back.run_id) else None
        whose = visitor.names().get(open_store().run(back.run_id).visitor, _("nobody"))
        here = (job for job in all_jobs() if state.trains(job, back.run_id))
        return next(here, None) or _opened(back.run_id)[0], whose
    except RbmError as error:
        with cards.notice("machine"):
            st.warning(as_typed(error), icon=":material/info:")
        return None


def line(words: str, others: Mapping[str, str], choose: Callable[[str], None], *, leads: bool = False) -> None:
    """The machine that a page shows, in words, and a menu of the ``others``, which ``choose`` is told of by key.

    ``leads``: also where the visitor's run can be looked at next.
    """

    def chosen() -> None:
        key = st.session_state[MENU]
        st.session_state[MENU] = None
        choose(key)

    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="machine_line"):
        facts(table((), [(words,)]), key=PLACE, look="line")
        if leads:
            shell.go_on()
        if others:
            st.selectbox(
                _("Another machine"), list(others), index=None, format_func=lambda key: others.get(key, key), key=MENU,
                placeholder=_("Another machine"), label_visibility="collapsed", width=230, on_change=chosen,
            )  # fmt: skip


def _look(key: str) -> None:
    tasks.let_go("looked_run")
    st.session_state[state.LOOKED] = "" if key == MINE else key


def _asked(own: LiveRun | None) -> str:
    """The machine that was chosen in place of the visitor's own: in the menu, or by the address with which the visit began."""
    query = st.query_params
    if not st.session_state.get("looked_arrival"):
        st.session_state["looked_arrival"] = True
        named = query.get(state.LOOK) or query.get(state.ADDRESS, "")
        if state.LOOK in query or named in RUNS:
            st.session_state[state.LOOKED] = named
    refused = _refused(own)
    if refused and state.LOOKED not in st.session_state and refused in {run.id for run in _kept()}:
        st.session_state[state.LOOKED] = refused  # another's, which can be looked at and not be taken up
    asked = str(st.session_state.get(state.LOOKED, ""))
    return "" if own is not None and own.record is not None and own.record.id == asked else asked


def _refused(own: LiveRun | None) -> str:
    """The run that the address names and that could not be taken up, "" for none."""
    back = state.come_back()
    return back.run_id if own is None and back is not None and back.problem else ""


def _put_address(own: LiveRun | None, asked: str) -> None:
    """Where a reload finds both the visitor's run and what is looked at."""
    mine = own.record.id if own is not None and own.record is not None else ""
    wanted = {state.ADDRESS: mine or asked, state.LOOK: asked if mine else ""}
    wanted = {key: value for key, value in wanted.items() if value}
    query = st.query_params.to_dict()
    others = {key: value for key, value in query.items() if key not in (state.ADDRESS, state.LOOK)}
    if not wanted and state.come_back() is not None:
        return  # it names a run that may still come back
    if query != {**others, **wanted}:
        st.query_params.from_dict({**others, **wanted})


def _menu(own: LiveRun | None) -> dict[str, str]:
    """All that can be shown: the visitor's run, what comes with the program, and the newest kept runs. What differs comes first,
    as words at the end may be cut off."""
    found = {key: _with_us(key) for key in RUNS}
    if own is not None and own.past:
        found = {MINE: _("{name} · yours, {stands}").format(stands=_stands(own), name=name(own.spec))} | found
    names, ours = visitor.names(), own.record.id if own is not None and own.record is not None else ""
    for run in _kept():
        if run.id != ours:
            found[run.id] = _("{run} · epoch {epoch:.1f} · {whose} · {id}").format(
                id=run.id[:6], run=called(run), epoch=run.progress.epoch, whose=_whose(run, names)
            )
    return found


def _kept() -> list[Run]:
    """The newest kept runs that have learnt something."""
    try:
        return _runs(str(open_store().url))
    except StoreError:  # the page of runs says it; the others can do without
        return []


@st.cache_resource(ttl=FRESH_SECONDS, max_entries=8, show_spinner=False)
def _runs(url: str) -> list[Run]:
    """They, in the registry at that address."""
    return [run for run in open_store().runs() if run.progress.step and has_data(run.spec)][:MOST_KEPT]


def has_data(spec: RunSpec) -> bool:
    """Whether a run's pictures are here; a run of another program, or of an own set that is gone, may name what nobody knows."""
    try:
        return is_available(spec.dataset.name)
    except ConfigError:
        return False


def _title(key: str) -> str:
    """What a bundled machine is."""
    about = bundled.load(key).about
    return name(RunSpec.from_json(about["spec"])) if key in RUNS else str(about["title"])


def _with_us(key: str) -> str:
    return _("{title} · with the program").format(title=_title(key))


def _of_bundled(key: str) -> str:
    return _("{title} · epoch {about} · comes with the program").format(
        title=_title(key), about=bundled.load(key).about["epochs"]
    )


def _of_own(own: LiveRun) -> str:
    return _("{name} · epoch {epoch:.1f} · yours, {stands}").format(
        name=name(own.spec), epoch=own.epoch, stands=_stands(own)
    )


def _stands(own: Job) -> str:
    return STANDS.get(own.status, _(own.status))


def _whose(run: Run, names: Mapping[str, str]) -> str:
    return _("yours") if run.visitor == visitor.current().id else names.get(run.visitor, _("nobody’s"))


def _opened(key: str) -> tuple[LiveRun, str]:
    """A machine at rest, and its words: a bundled one, or what was the newest checkpoint of a kept run when it was chosen.

    RbmError where there is none. It stays as it was then, though its owner may train on: chains go on in one machine.
    """
    if key in RUNS:
        return bundled_run(key), _of_bundled(key)
    known = st.session_state.get("looked_run")
    run = open_store().run(key)
    if known is None or known[0] != key:
        known = key, _newest(key)
        tasks.hold_beside(looked_run=known)
    found: LiveRun = known[1]
    return found, _("{run} · epoch {epoch:.1f} · {whose}, kept · {key}").format(
        run=called(run), epoch=found.epoch, whose=_whose(run, visitor.names()), key=key[:6]
    )


def _newest(run_id: str) -> LiveRun:
    """A kept run's machine as its newest checkpoint has it. While it trains that may be replaced between the look and the
    reading; StoreError where it is not, and cannot be read."""
    store, looked = open_store(), None
    while True:
        saved = store.checkpoints(run_id)[-1:]
        try:
            return _at_rest(str(store.url), run_id, *((one.step, one.epoch) for one in saved))
        except StoreError:
            if looked == saved:
                raise
            looked = saved


@lru_cache(maxsize=len(RUNS))
def bundled_run(key: str) -> LiveRun:
    """The run that comes with the program under that name (one of RUNS), at rest."""
    found = bundled.load(key)
    events = [TrainEvent(step, epoch, numbers, seconds) for step, epoch, seconds, numbers in found.about["news"]]
    about = {"step": found.about["steps"], "epoch": float(found.about["epochs"])}
    past = Snapshot(**vars(found.layers[0]), activity=found.beside["activity"].astype("float32"), **about)
    return LiveRun.at_rest(RunSpec.from_json(found.about["spec"]), past, History(events))


@st.cache_resource(max_entries=16, show_spinner=_("Opening the machine"))
def _at_rest(url: str, run_id: str, at: tuple[int, float] = (0, 0.0)) -> LiveRun:
    """A kept run's machine after so many updates and epochs; one for all who look at it."""
    import torch

    from rbm.checkpoint import from_bytes

    step, epoch = at
    run, saved = open_store().run(run_id), from_bytes(open_store().checkpoint(run_id, step))
    data = cached_dataset(run.spec.dataset, run.spec.model)
    with torch.no_grad():
        activity = saved.model.hidden_mean(data.validation.to(saved.model.weight)).mean(0)
    shown, machines = shown_images(data), (make_model(run.spec, data), saved.model)
    pictures = np.stack([shown.numpy(), *(reconstructions(model, shown) for model in machines)])
    about = {"step": step, "epoch": epoch, "activity": activity.numpy().copy(), "pictures": pictures}
    return LiveRun.at_rest(run.spec, Snapshot.of(saved.model, **about), open_store().history(run_id))


def task(
    page: str, own: Task | None, called: Callable[[Task], str], bundled_as: str, bundled_task: Callable[[], Task], kind: Kind,
    fits: Callable[[Task], bool] = lambda task: True,
) -> Task | None:  # fmt: skip
    """The same for a page whose machines are learnt by tasks: its ``own``, else the newest of that ``kind`` which the visitor has
    in the registry, else the one that comes with the program (``bundled_as``, "" for none); or one of the class's that ``fits``
    the page, as it was when it was chosen. The choice is kept under the page's name and in its address; ``mine`` ends it."""
    feed.watch(PLACE, own, state=lambda: own is not None and bool(own.news))
    names, me, place = visitor.names(), visitor.current().id, f"{page}_shown"
    menu: dict[str, str] = {}
    lines: dict[str, str] = {}  # the same with what is cut off in a narrow menu at the end
    found: dict[str, tuple[Task, str]] = {}
    if own is not None and own.news:
        menu[MINE] = _("{name} · yours, {stands}").format(stands=_stands(own), name=called(own))
        found[MINE] = own, menu[MINE]
    if bundled_as:
        menu[bundled_as], found[bundled_as] = _with_us(bundled_as), (bundled_task(), _of_bundled(bundled_as))
    theirs = {key: one for key, one in tasks.of_the_class(kind.function).items() if fits(one.task)}
    for key, one in theirs.items():
        whose = names.get(one.visitor, _("somebody"))
        menu[key] = _("{name} · {whose}, {stands} · {key}").format(
            name=called(one.task), whose=whose, stands=_stands(one.task), key=one.task.kept_as[:6]
        )
    here = {one.kept_as for one in (own, *(other.task for other in theirs.values())) if one is not None}
    rows = {key: row for key, row in tasks.stored(kind, called, fits).items() if key not in here}
    for key, row in rows.items():
        whose = _("yours") if row.machine.visitor == me else names.get(row.machine.visitor, _("somebody"))
        menu[key] = _("{whose}, kept · {key} · {name}").format(whose=whose, key=key[:6], name=row.name)
        lines[key] = _("{name} · {whose}, kept · {key}").format(whose=whose, key=key[:6], name=row.name)
    asked, as_it_was = st.session_state.get(place, ("", None))
    if (named := st.query_params.get(state.LOOK)) not in (None, asked, st.session_state.get("look_put")):
        asked, as_it_was = st.session_state[place] = named, None  # by a link, or a step back in the browser
    if as_it_was is None and asked in theirs:
        living = theirs[asked].task
        as_it_was = at_rest(living.news, living.arguments, living.status), menu[asked]
    if as_it_was is not None and fits(as_it_was[0]):
        found[asked] = as_it_was
    kept_own = [key for key, row in rows.items() if row.machine.visitor == me and MINE not in found][:MOST_TRIED]
    for key in [] if asked in found else [key for key in (asked, *kept_own) if key in rows]:
        try:
            found[key] = tasks.opened(kind, rows[key].machine), lines[key]
            break
        except RbmError as error:
            with cards.notice(f"damaged_{key}"):
                st.warning(as_typed(error), icon=":material/info:")
    if asked in rows or asked in theirs:
        tasks.hold_beside(**{place: (asked, found[asked]) if asked in found else ("", None)})
    shown = next((key for key in (asked, MINE, *kept_own, bundled_as) if key in found), "")
    if asked == named and asked not in {MINE, bundled_as, *rows, *theirs, *found}:
        tasks.gone(asked)
    st.session_state["look_put"] = look = asked if shown == asked != MINE else ""
    if look:
        st.query_params[state.LOOK] = look
    else:
        st.query_params.pop(state.LOOK, None)
    if not shown:
        return own
    others = {key: said for key, said in menu.items() if key != shown}
    line(found[shown][1], others, lambda key: tasks.hold_beside(**{place: (key, None)}))
    return found[shown][0]


def mine(page: str) -> None:
    """The visitor begins another machine there: it is to be seen."""
    tasks.hold_beside(**{f"{page}_shown": ("", None)})


def history(run_id: str) -> History:
    """The numbers of a run of the registry, or of a bundled one."""
    return bundled_run(run_id).history if run_id in RUNS else open_store().history(run_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def looks(run_id: str, step: int, _run: Run) -> Looks:
    """The run's machine at its newest checkpoint, which is known by ``step``; fantasies from noise, a fixed seed."""
    from rbm.checkpoint import from_bytes

    model = bundled.load(run_id).model() if run_id in RUNS else from_bytes(open_store().checkpoint(run_id)).model
    dataset = cached_dataset(_run.spec.dataset, _run.spec.model)
    originals = shown_images(dataset, IMAGES)
    return in_turns(lambda: machine_looks(model, originals, FANTASIES, SWEEPS))
