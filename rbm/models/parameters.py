"""A model's parameters as they travel between processes: in numpy, so that the screen reads them without torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

Array = npt.NDArray[np.float32]
P = TypeVar("P", bound="Parameters")


@dataclass(frozen=True, eq=False)
class Parameters:
    """The parameters of an RBM and what its units are; what is told of a machine beside them goes into subclasses.

    ``weight`` (V, H), ``visible_bias`` (V,), ``hidden_bias`` (H,); ``visible_log_precision`` (V,) of Gaussian and ReLU
    visible units, ``hidden_shape`` (2, H) of dReLU hidden ones. ``visible``, ``hidden`` and ``n_states`` are those of
    :class:`RBM`. A machine of pictures and labels has ``n_labels`` columns of the kind ``labels``, see
    :class:`LabelledRBM`; others have none.
    """

    weight: npt.NDArray[Any]  # in half precision where it is only looked at
    visible_bias: Array
    hidden_bias: Array
    visible_log_precision: Array | None = None
    hidden_shape: Array | None = None
    visible: str = "bernoulli"
    hidden: str = "bernoulli"
    n_states: int | None = None
    n_labels: int = 0
    labels: str = ""

    @classmethod
    def of(cls: type[P], model: RBM, **beside: Any) -> P:
        """A copy of the model's parameters as they stand; ``beside`` are the other fields of a subclass."""
        from rbm.models.labelled import LabelledRBM

        if isinstance(model, LabelledRBM):
            beside |= {"n_labels": model.n_labels, "labels": model.labels}
        else:
            layers = model.visible_unit, model.hidden_unit
            states = next((u.n_states for u in layers if hasattr(u, "n_states")), None)
            beside |= {"visible": layers[0].name, "hidden": layers[1].name, "n_states": states}
        beside |= {name: p.detach().cpu().numpy().copy() for name, p in model.named_parameters()}
        return cls(**beside)

    def halved(self: P) -> P:
        """The same with weights in half precision: enough to look at them, at half the size."""
        return replace(self, weight=self.weight.astype(np.float16))

    def to_model(self) -> RBM:
        """The model, on the CPU."""
        import torch

        model = self._bare()
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(torch.from_numpy(np.ascontiguousarray(getattr(self, name))))
        return model

    def _bare(self) -> RBM:
        from rbm.models.labelled import LabelledRBM
        from rbm.models.rbm import RBM
        from rbm.units import MANY_STATES, unit

        n_visible, n_hidden = self.weight.shape
        if self.labels:
            return LabelledRBM(n_visible - self.n_labels, self.n_labels, n_hidden, labels=self.labels)
        first, second = (
            unit(name, self.n_states if name in MANY_STATES else None) for name in (self.visible, self.hidden)
        )
        return RBM(
            n_visible // first.width,
            n_hidden // second.width,
            visible=self.visible,
            hidden=self.hidden,
            n_states=self.n_states,
        )
