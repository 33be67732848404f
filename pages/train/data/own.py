"""The parts of the page for one's own data: upload, choices, the preview with its Keep, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.train.data import upload as uploads
from pages.ui import cards, shell
from pages.ui.components import chart
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames
from pages.ui.session import state, tasks, visitor
from rbm.core import limits
from rbm.core.language import _
from rbm.core.text import as_typed, in_html
from rbm.datasets.catalog import OWN
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.look import TURNS, Look, finish
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.datasets.user_datasets.sizes import parse_size
from rbm.errors import RbmError
from rbm.store import open_store
from rbm.store.owners import may_change

SIZES = (8, 14, 16, 20, 28, 32, 48, 64, None)
SHOWN, COLUMNS, ROW = 40, 10, 12
_FITS = {"pad": _("Add a border"), "crop": _("Cut the edges"), "stretch": _("Squeeze")}
_LABELS = {"auto": _("Detect"), "first": _("First column"), "last": _("Last column"), "none": _("None")}
_LEVELS = {"grey": _("Grey levels"), "binary": _("Black and white")}
_COUNTED = {"auto": _("Detect"), "first": _("First axis"), "last": _("Last axis")}
_HOW = _(
    "\n- **Pictures**: PNG, JPEG, WebP, TIFF, BMP, GIF or PGM files, packed as ZIP or chosen together. "
    "Put each class into a folder of\n  its own, and the folders' names become labels; or add a table "
    "(`labels.csv`) with file names and labels.\n- **Arrays**: `.npy` or `.npz` with pictures (number, "
    "height, width) or rows of pixels as `x`, labels as `y`; never pickled.\n- **MNIST's own format**: "
    "the IDX file of images, with the one of labels beside it, gzipped or not, or all in a ZIP.\n- **A "
    "table**: one picture a row, as CSV or as text with semicolons, tabs or blanks. Header, row "
    "numbers and the column of\n  classes are found by their names or their content, and what was found "
    "is told.\n- **Parts**: folders, arrays or files called *train* and *test* stay what they are; the "
    "test part is only used for testing.\n"
)


def upload() -> list[UploadedFile]:
    """The files, and what they may be."""
    files = st.file_uploader(
        _("Your pictures"),
        accept_multiple_files=True,
        key="own_files",
        help=_("One file, or several that belong together. They are read on this server, as data only."),
    )
    with st.expander(_("Which files work"), icon=":material/help:"):
        st.markdown(_HOW)
        st.caption(limits.STATED)
    return files


def choices() -> tuple[Reading, Look]:
    """How the files become pictures, and how these shall look."""
    left, right = st.columns(2, gap="medium")
    with left:
        size = widgets.select_slider(
            _("Size"),
            SIZES,
            value=28,
            format_func=lambda side: _("as it is") if side is None else f"{side}×{side}",
            key="own_size",
            help=_(
                "Pixels of every picture. 28×28 trains within seconds; four times the pixels take up to four times as long."
            ),
        )
    with right:
        given = widgets.text_input(
            _("Height × width"),
            placeholder=_("such as 20x28"),
            max_chars=12,
            key="own_shape",
            help=_(
                "In place of the size above: for pictures that are not square, and for rows of numbers, which do "
                "not say how they are laid out."
            ),
        )
    fit = widgets.segmented_control(
        _("Pictures of other proportions"),
        list(_FITS),
        default="pad",
        required=True,
        format_func=_FITS.__getitem__,
        key="own_fit",
        help=_("A border keeps the whole picture, cutting keeps its middle, squeezing changes its proportions."),
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        labels = widgets.selectbox(
            _("Labels"),
            list(_LABELS),
            format_func=lambda how: _LABELS.get(how, how),
            accept_new_options=True,
            key="own_labels",
            help=_(
                "Where a picture's class comes from: folders, an array of labels, or a table's column, which you "
                "can also type by its name. Training needs none."
            ),
        )
    with right:
        counted = widgets.segmented_control(
            _("Array axis that counts pictures"),
            list(_COUNTED),
            default="auto",
            required=True,
            format_func=_COUNTED.__getitem__,
            key="own_counted",
            help=_("MATLAB's arrays are height × width × number. The preview says which axis was found."),
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        turn = widgets.segmented_control(
            _("Turn"),
            TURNS,
            default=0,
            required=True,
            format_func=lambda degrees: f"{degrees}°",
            key="own_turn",
            help=_("Clockwise. Where rows and columns are exchanged, as in EMNIST's files, mirror and turn by 270°."),
        )
        mirror = widgets.toggle(_("Mirror"), key="own_mirror", help=_("Swaps left and right, before turning."))
    with st.container(horizontal=True, gap="medium"):
        invert = widgets.toggle(
            _("Swap bright and dark"),
            key="own_invert",
            help=_("RBMs learn strokes better bright on dark, as in MNIST: turn this on for ink on paper."),
        )
        contrast = widgets.toggle(
            _("Spread the contrast"),
            key="own_contrast",
            help=_("Makes the darkest pixel of every picture black and its brightest white."),
        )
    left, right = st.columns([4, 3], gap="small")
    with left:
        levels = widgets.segmented_control(
            _("Levels"),
            list(_LEVELS),
            default="grey",
            required=True,
            format_func=_LEVELS.__getitem__,
            key="own_levels",
            help=_("A grey level is the probability that the pixel is on; black and white decides once and for all."),
        )
    with right:
        threshold = widgets.slider(
            _("Threshold for white"),
            0.05,
            0.95,
            0.5,
            0.05,
            key="own_threshold",
            disabled=levels != "binary",
            help=_("The share of full brightness above which a pixel becomes white."),
        )
    look = Look(invert, "each" if contrast else "as it is", levels, threshold, turn, mirror)
    return _reading(given, size, fit, labels or "auto", counted), look


def _reading(given: str, size: int | None, fit: str, labels: str, counted: str) -> Reading:
    """With the height and width that were typed, if they are some; else a sentence beside them, and the size."""
    try:
        return Reading(parse_size(given) if given.strip() else size, fit, labels, counted)
    except RbmError as error:
        st.error(as_typed(error), icon=":material/error:")
        return Reading(size, fit, labels, counted)


def preview(files: Sequence[UploadedFile], reading: Reading, look: Look) -> None:
    """A wall of what would be kept, with its classes, and the button that keeps it; or what is wrong with the file."""
    if not files:
        st.info(
            _(
                "Upload a file, and its pictures appear here before anything is kept. A ZIP with a folder for each "
                "class is the simplest: photographs of leaves, scanned letters, drawings of your class."
            ),
            icon=":material/upload_file:",
        )
        return
    try:
        pictures = finish(uploads.pictures_of(files, reading), look)
    except RbmError as error:
        st.error(as_typed(error), icon=":material/error:")
        return
    _wall(pictures)
    for note in pictures.notes:
        st.caption(f":material/info: {as_typed(note)}")
    if len(pictures.class_names) > 1:
        _class_counts(pictures)
    _keep(pictures, files[0].name)


def _wall(pictures: Pictures) -> None:
    n, height, width = pictures.grey.shape
    rows, columns = _shown(pictures)
    classes = pictures.class_names
    with st.container(key="card_own_preview", gap="xsmall"):
        cards.title(
            _("{n:,} pictures of {height}×{width} pixels, {classes}").format(
                n=n, height=height, width=width, classes=_classes(classes)
            ),
            _(
                "What the machine would learn from, exactly as it would see it: one column a class where there are up to ten."
            ),
            _("all of them: these are a few, evenly chosen."),
            _("swapping bright and dark, and black and white with another threshold."),
        )
        cards.picture_wall(
            frames.colour_probabilities(pictures.grey[rows] / 255),
            columns,
            "wall_own",
            _("A few of the pictures as they would be kept"),
            labels=[classes[pictures.labels[row]] for row in rows] if len(classes) > 1 else None,
        )


def _shown(pictures: Pictures) -> tuple[list[int], int]:
    """Which pictures, and in how many columns: up to ten classes stand side by side."""
    n_classes = len(pictures.class_names)
    members = [np.flatnonzero(pictures.labels == c) for c in range(n_classes)]
    if 1 < n_classes <= COLUMNS and min(map(len, members)) >= SHOWN // COLUMNS:
        deep = SHOWN // COLUMNS
        return [int(m[len(m) * i // deep]) for i in range(deep) for m in members], n_classes
    n = len(pictures.grey)
    return [n * i // min(n, SHOWN) for i in range(min(n, SHOWN))], COLUMNS


def _class_counts(pictures: Pictures) -> None:
    counts = np.bincount(pictures.labels, minlength=len(pictures.class_names))
    names = [in_html(name) for name in pictures.class_names]
    figure = figures.bars(names, {"pictures": counts}, x_title=_("class"), y_title=_("pictures"))
    with st.container(key="card_own_classes", gap="xsmall"):
        cards.title(
            _("Pictures in each class"),
            _("How many pictures carry each label."),
            _("anything about training without labels."),
        )
        chart.show(figure, height=200, key="chart_own_classes", alt=_("Pictures in each class"))


def _keep(pictures: Pictures, source: str) -> None:
    suggested = re.sub(r"[^a-z0-9]+", "-", source.lower().split(".")[0]).strip("-")[:40] or "mine"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            _("Name"),
            suggested,
            max_chars=40,
            key="own_name",
            help=_("Small letters, digits, - and _. Runs then call it own: and this name."),
        )
        asked = widgets.pressed(
            _("Keep"),
            type="primary",
            icon=":material/save:",
            key="own_keep",
            help=_("Make it a data set like any other."),
        )
    if asked:
        try:
            me = visitor.current()
            open_store().sign(me)
            save.save(name.strip(), pictures, source, owner=me.id)
        except RbmError as error:
            with cards.notice("refused"):
                st.error(as_typed(error), icon=":material/error:")
            return
        st.session_state["own_kept"] = name.strip()
    with cards.notice("kept"):
        if st.session_state.get("own_kept") == name.strip():
            words = _("Kept. It is among the data sets of the Train page now, and in the list below.")
            st.success(words, icon=":material/check:")


def kept_sets() -> None:
    """What is kept, with a few pictures each, a way to train on it, and a way to delete it and to think again."""
    st.subheader(_("Kept here"), anchor=False)
    st.caption(
        _("Saved sets are visible to everyone who uses this server: do not save pictures that others must not see.")
    )
    with st.container(key="own_undo"):
        _undo()
    sets, owners = save.kept(), visitor.names()
    if not sets:
        st.info(
            _("Nothing is kept yet. What you keep above is listed here and on the Train page."), icon=":material/info:"
        )
    for one in sets:
        with st.container(key=f"own_{one.name}", border=True, gap="xsmall"):
            _kept(one, owners.get(one.owner, ""))


def _kept(one: save.UserDataset, owner: str) -> None:
    height, width = one.image_shape
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _("**{name}** · {n:,} pictures of {height}×{width} · {classes} · {division}from {source}{format}").format(
                name=as_typed(one.name),
                n=one.n,
                height=height,
                width=width,
                classes=_classes(one.class_names),
                division=_("its own test or validation part · ") if one.divided else "",
                source=as_typed(one.source or _("a file")),
                format=_(" · kept by {owner}").format(owner=as_typed(owner)) if owner else "",
            ),
            width="stretch",
        )
        train = widgets.pressed(
            _("Train on it"),
            key=f"own_train_{one.name}",
            icon=":material/model_training:",
            help=_("Choose it on the Train page."),
        )
        st.button(
            _("Delete"),
            key=f"own_delete_{one.name}",
            icon=":material/delete:",
            on_click=_delete,
            args=(one,),
            disabled=not may_change(visitor.current(), one.owner),
            help=_("Remove it from the lists. This can be undone, and runs that learn from it continue.")
            if may_change(visitor.current(), one.owner)
            else _("Only its owner, or whoever has the teacher's word, may delete it."),
        )
    try:
        pictures = save.sample(one.name, ROW)
        cards.picture_wall(
            frames.colour_probabilities(pictures / 255),
            ROW,
            f"wall_own_{one.name}",
            _("A few pictures of {name}").format(name=one.name),
            max_cell=44,
        )
    except RbmError as error:
        st.error(as_typed(error), icon=":material/error:")
    if train:
        state.draft().update(dataset=f"{OWN}{one.name}", classes=None, size=None)
        st.switch_page(shell.TRAIN)


def _delete(one: save.UserDataset) -> None:
    try:
        visitor.check_owner(one.owner, _("The data set {name}").format(name=one.name))
        save.remove(one.name, digest=one.digest, owner=one.owner)
    except RbmError as error:
        st.session_state["own_problem"] = str(error)
        return
    tasks.hold_beside(own_removed=one)
    st.session_state.pop("own_kept", None)


def _undo() -> None:
    with cards.notice("problem"):
        if problem := st.session_state.pop("own_problem", None):
            st.error(as_typed(problem), icon=":material/error:")
    one: save.UserDataset | None = st.session_state.get("own_removed")
    if one is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_("**{name}** was deleted.").format(name=as_typed(one.name)))
        if widgets.pressed(
            _("Undo"), key="own_undo_delete", icon=":material/undo:", help=_("Bring it back as it was.")
        ):
            tasks.let_go("own_removed")
            try:
                save.restore(one.name, digest=one.digest, owner=one.owner)
            except RbmError as error:
                st.error(as_typed(error), icon=":material/error:")
                return
            st.rerun()


def _classes(names: Sequence[str]) -> str:
    return _("{n_names} classes").format(n_names=len(names)) if len(names) > 1 else _("no labels")
