"""Search over settings: many runs at once, a heat map that fills, the best run."""

from pages.compare.sweep import form, progress
from pages.ui import lesson, shell
from rbm.core.language import _
from rbm.errors import StoreError

lesson.question(
    _("Hyperparameter search"),
    _("Which settings learn best? Try many on all cores, and see the good ones light up."),
    see="sweep",
)
try:
    progress.problem()
    chosen = progress.choose()
    if chosen is None:
        form.form()
    else:
        progress.show(chosen)
except StoreError as error:
    shell.unusable(error)
