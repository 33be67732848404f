"""Class board: everyone's runs of today side by side while they train, and the teacher's room."""

from pages.compare.board import large, room, wall
from pages.ui import lesson, shell
from rbm.core.language import _
from rbm.errors import StoreError

lesson.question(
    _("Class board"),
    _("What is everybody training today, and whose machine is the best? Click one to see it large."),
    see="board",
)
try:
    large.shown()
    room.panel()
    wall.board()
except StoreError as error:
    shell.unusable(error)
