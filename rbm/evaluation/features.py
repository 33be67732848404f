"""What hidden units respond to. N images, V visible, H hidden units."""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM


class Response(NamedTuple):
    """One hidden unit over a set of images: ``activation`` ⟨h_j|v⟩ (N,); ``best`` (K,) rows that excite it most, first first."""

    activation: Tensor
    best: Tensor


@torch.no_grad()
def response(model: RBM, images: Tensor, unit: int, count: int = 10) -> Response:
    """How unit ``unit`` responds to images (N, V); ties in saturated units are settled by its field, which never saturates.

    Images may be grey. A column of H: for categorical hidden units, one state of one of them.
    """
    if not 0 <= unit < model.hidden_columns:
        wrong = _("There is no hidden unit {unit}; this model has 0 to {hidden_columns}.")
        raise ConfigError(wrong.format(unit=unit, hidden_columns=model.hidden_columns - 1))
    images = model.check(images, "images", model.visible_columns)
    model.visible_unit.check_states(images, "images", grey=True)
    field = images @ model.weight[:, unit] + model.hidden_bias[unit]
    if model.hidden_unit.width == 1 and model.hidden_shape is None:
        activation = model.hidden_unit.mean(field.unsqueeze(1)).squeeze(1)
    else:  # a state of a categorical unit depends on the fields of all of its states, a dReLU unit has a shape of its own
        activation = model.hidden_mean(images)[:, unit]
    return Response(activation, field.topk(min(count, len(field))).indices)
