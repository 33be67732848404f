"""The table of runs: search, filters, and which of them are chosen."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.compare.runs.columns import LETTERS, columns, matching
from pages.ui import shell
from pages.ui.controls import widgets
from rbm.core.language import N_, _
from rbm.store import Run, open_store
from rbm.tasks.likelihood import RESULT

MOST = len(LETTERS)
SHOWN = (N_("kept"), N_("deleted"))
# Pixels of the table. The pictures below it stay on a projector's screen, and half a row says that there are more.
HEAD, ROW, ROWS = 38, 35, 3.5


def choose() -> list[Run]:
    """Search, filter and table; returns the chosen runs, at most four, in the order of the table."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(
            _("**Find**"),
            width="content",
            help=_(
                "Runs in which every word occurs: in name, data set, algorithm, size, status, owner, tags, note or id; "
                "and that carry one of these tags. Deleted runs stay here for 30 days and can be fetched back."
            ),
        )
        words = widgets.text_input(
            _("Search"),
            key="runs_search",
            placeholder=_("Search: pcd 500, a tag ..."),
            width=300,
            label_visibility="collapsed",
        )
        shown = widgets.segmented_control(
            _("Show"),
            SHOWN,
            default="kept",
            required=True,
            format_func=_,
            key="runs_shown",
            label_visibility="collapsed",
        )
        everything = open_store().runs(deleted=shown == "deleted")
        known = sorted({tag for run in everything for tag in run.tags})
        tags = widgets.multiselect(
            _("Tags"), known, key="runs_tags", width=220, placeholder=_("Tags"), label_visibility="collapsed"
        )
        st.button(
            _("Refresh"),
            icon=":material/refresh:",
            key="runs_refresh",
            help=_("Look again at runs that are in training."),
        )
    owners = open_store().names()
    runs = matching(everything, words, tags, owners)
    if not everything:
        _nothing(shown == "deleted")
        return []
    if not runs:
        st.info(_("No run matches. Remove a word or a tag."), icon=":material/search_off:")
        return []
    return _table(runs, owners)


def _nothing(deleted: bool) -> None:
    if deleted:
        st.info(_("Nothing was deleted in the last 30 days."), icon=":material/delete:")
        return
    st.info(_("No run is kept yet. **Train** one, and it appears here while it still learns."), icon=":material/info:")
    st.page_link(shell.TRAIN, label=_("Train a machine"), icon=":material/model_training:")


def _table(runs: list[Run], owners: Mapping[str, str]) -> list[Run]:
    ids = [run.id for run in runs]
    chosen = [i for i in st.session_state.get("runs_chosen", ()) if i in ids]
    widgets.remember(runs_chosen=st.session_state.get("runs_chosen", []))
    if st.session_state.get("runs_ids") != ids:  # another table: one whose ticks are set, not the old one's kept
        st.session_state["runs_ids"] = ids
        st.session_state["runs_version"] = st.session_state.get("runs_version", 0) + 1
    key = f"runs_table_{st.session_state['runs_version']}"
    number = st.column_config.NumberColumn
    with st.container(key="runs_table"):
        st.dataframe(
            columns(runs, open_store().newest_evaluations(RESULT), owners),
            key=key,
            hide_index=True,
            height=round(HEAD + ROW * min(len(runs), ROWS)),
            selection_mode="multi-row",
            on_select=lambda: _chosen(key, ids),
            selection_default={"selection": {"rows": [ids.index(i) for i in chosen]}},
            placeholder="–",
            alt=_("The runs that were trained"),
            column_config={
                "data": st.column_config.TextColumn(_("Data set"), width=130),
                "hidden": number(_("Hidden"), format="%d", help=_("Hidden units.")),
                "algorithm": st.column_config.TextColumn(
                    _("Algorithm"), help=_("And k, the Gibbs steps of each update.")
                ),
                "units": st.column_config.TextColumn(
                    _("Units"), help=_("Visible × hidden, where they are not both bernoulli.")
                ),
                "status": _("Status"),
                "epoch": number(_("Epoch"), format="%.2f"),
                "validation": number(
                    _("LL, validation"),
                    format="%.2f",
                    help=_(
                        "Log-likelihood of validation images, nats per image, as the next column says: AIS, which tends to "
                        "be too high, or exact."
                    ),
                ),
                "estimate": st.column_config.TextColumn(
                    _("Estimate"),
                    help=_(
                        "Where the log-likelihood comes from, and of the machine after which epoch. Unreliable: it rests "
                        "on too few chains, or its two estimates lie far apart; rank nothing by it. Crossed: AIS came out "
                        "below reverse AIS."
                    ),
                ),
                "test": number(
                    _("LL, test"),
                    format="%.2f",
                    help=_(
                        "Log-likelihood of test images, nats per image: where **Compute** was pressed, from the same "
                        "estimate of log Z."
                    ),
                ),
                "pseudo-ll": number(
                    _("Pseudo-ll"),
                    format="%.1f",
                    help=_(
                        "Pseudo-log-likelihood of validation images, nats per image: not across models. Of gaussian and relu "
                        "pixels it is a density, which may be above 0."
                    ),
                ),
                "pseudo-error": number(
                    "±",
                    format="%.1f",
                    help=_(
                        "The standard error of the pseudo-ll: runs that differ by less than two of them cannot be ranked "
                        "by it."
                    ),
                ),
                "gap": number(
                    _("Gap"),
                    format="%.2f",
                    help=_("F(validation) − F(training), nats per image."),
                ),
                "error": number(
                    _("Error"), format="%.4f", help=_("Reconstruction error, mean square per pixel: a proxy.")
                ),
                "changed": st.column_config.TextColumn(
                    _("Changed during training"),
                    help=_(
                        "Settings that were changed during training, and when: the other columns hold the settings at the "
                        "start."
                    ),
                ),
                "rate": number(_("Rate"), format="%g", help=_("Learning rate at the start.")),
                "seed": number(_("Seed"), format="%d"),
                "seconds": number(_("Seconds"), format="%.1f", help=_("Of training, measurements left out.")),
                "started": st.column_config.DatetimeColumn(_("Started"), format="distance"),
                "owner": st.column_config.TextColumn(
                    _("Owner"), help=_("Who made it: only they and the teacher may change it.")
                ),
                "name": st.column_config.TextColumn(_("Name"), help=_("As given under Name, tags and note.")),
                "tags": st.column_config.ListColumn(_("Tags")),
                "note": _("Note"),
                "id": _("Id"),
            },
        )
    picked = [run for run in runs if run.id in chosen]
    if not picked:
        st.caption(
            _(":material/check_box: Tick one run to see it, or up to four to compare them. A click on a heading sorts.")
        )
    elif len(picked) > MOST:
        st.caption(
            _(
                ":material/info: {n_picked} runs are ticked; the first {most} are compared, and all can be tagged or "
                "deleted by whoever they belong to."
            ).format(n_picked=len(picked), most=MOST)
        )
    return picked


def _chosen(key: str, ids: list[str]) -> None:
    """Remember the ticked runs by id: their places change as new runs come in."""
    rows = st.session_state[key]["selection"]["rows"]
    st.session_state["runs_chosen"] = [ids[row] for row in rows if row < len(ids)]
