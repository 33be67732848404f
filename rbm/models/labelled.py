"""An RBM over pictures and what is said of them: p(x, y), with a label or with tags beside the pixels.

Letters: N batch, P pixels, K columns of labels, S joint states of the labels, V = P + K, H hidden units.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from rbm.core.language import _
from rbm.core.numerics import double
from rbm.errors import ConfigError, ShapeError
from rbm.models.given import numbers
from rbm.models.rbm import RBM
from rbm.units import Bernoulli, Categorical
from rbm.units.joined import Joined

KINDS = ("softmax", "tags")
MOST_TAGS = 10  # their 2^10 joint states are visited for every picture
BLOCK = 2**22  # numbers held at once while all labels of many pictures are tried


class LabelledRBM(RBM):
    """E(x, y, h) = −x·W·h − y·U·h − b·x − d·y − c·h, an RBM whose visible layer is v = (x, y).

    x are P Bernoulli pixels. y is one label of K, one-hot (``labels="softmax"``), or K Bernoulli tags, each on or off by
    itself (``"tags"``). Given h pixels and labels are independent; summing h out gives

    F(x, y) = −b·x − d·y − Σ_j softplus(c_j + (xW)_j + (yU)_j),   p(y|x) = exp(−F(x, y)) / Σ_y' exp(−F(x, y')),

    in which b·x cancels: p(y|x) is exact, without log Z and without sampling.

    Attributes: those of RBM, where ``weight`` holds W over U (V, H) and ``visible_bias`` b before d (V,); ``n_pixels`` P,
    ``n_labels`` K, ``labels``; ``label_unit``, what a label is; ``label_states`` (S, K), every y there can be.
    Source: Larochelle & Bengio, Classification using Discriminative RBMs, 2008, eq. 1-5; Hinton, To Recognize Shapes,
    First Learn to Generate Images, 2007.
    """

    label_states: Tensor

    def __init__(
        self,
        n_pixels: int,
        n_labels: int,
        n_hidden: int,
        *,
        labels: str = "softmax",
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        """ConfigError for an unknown kind of labels, fewer than two classes, no tag or more than MOST_TAGS."""
        _check(n_pixels, n_labels, labels)
        super().__init__(n_pixels + n_labels, n_hidden, generator=generator, device=device)
        softmax = labels == "softmax"
        self.n_pixels, self.n_labels, self.labels = n_pixels, n_labels, labels
        self.n_visible = n_pixels + (1 if softmax else n_labels)  # units; columns stay P + K
        self.label_unit = Categorical(n_labels) if softmax else Bernoulli()
        self._visible_type = Joined(Bernoulli(), self.label_unit, n_pixels)
        places = torch.arange(n_labels - 1, -1, -1)
        states = torch.eye(n_labels) if softmax else ((torch.arange(2**n_labels)[:, None] >> places) & 1).float()
        self.register_buffer("label_states", states.to(self.weight), persistent=False)

    def join(self, x: Tensor, y: Tensor) -> Tensor:
        """v = (x, y), (N, V). ``y``: columns (N, K), or, where it is a label, the number of its class (N,)."""
        return torch.cat(self._pairs(x, y), 1)

    def _pairs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures and the columns of their labels; ShapeError unless there are as many."""
        x, y = self.check(x, "x", self.n_pixels), self.columns(y)
        if len(x) != len(y):
            fault = _("There should be a label for each picture, got {pictures} pictures and {labels} labels.")
            raise ShapeError(fault.format(pictures=len(x), labels=len(y)))
        return x, y

    def split(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """x (N, P) and y (N, K) of v (N, V)."""
        v = self.check(v, "v", self.visible_columns)
        return v[:, : self.n_pixels], v[:, self.n_pixels :]

    def columns(self, y: Tensor) -> Tensor:
        """Labels as columns (N, K): numbers of classes (N,) become one-hot. ShapeError for anything else."""
        y = numbers(y, "y", f"(N, {self.n_labels})")
        if y.ndim == 1 and self.labels == "softmax" and not y.is_floating_point():
            if len(y) and not 0 <= int(y.min()) <= int(y.max()) < self.n_labels:
                wrong = _("Labels run from {low} to {high}, expected 0 to {last}.")
                raise ShapeError(wrong.format(low=y.min(), high=y.max(), last=self.n_labels - 1))
            return F.one_hot(y.long(), self.n_labels).to(self.weight)
        return self.check(y, "y", self.n_labels)

    def label_log_probability(self, x: Tensor) -> Tensor:
        """log p(y|x) of every y of ``label_states``, exact: pictures (N, P) -> (N, S), nats."""
        x = self.check(x, "x", self.n_pixels)
        rows = max(BLOCK // (len(self.label_states) * self.hidden_columns), 1)
        return torch.cat([self.label_score(block).log_softmax(1) for block in x.split(rows)])

    def label_score(self, x: Tensor) -> Tensor:
        """−F(x, y) − b·x of every y of ``label_states``: (N, P) -> (N, S)."""
        field = self.label_field(x)
        return self.hidden_unit.log_partition(field).sum(2) + self.label_states @ self.visible_bias[self.n_pixels :]

    def label_field(self, x: Tensor) -> Tensor:
        """The hidden units' fields c + xW + yU under every y of ``label_states``: (N, P) -> (N, S, H)."""
        x = self.check(x, "x", self.n_pixels)
        w, u = self.weight[: self.n_pixels], self.weight[self.n_pixels :]
        return torch.addmm(self.hidden_bias, x, w)[:, None] + self.label_states @ u

    def label_probability(self, x: Tensor) -> Tensor:
        """p(y_k = 1 | x), exact: of each class, or of each tag whatever the others are; (N, P) -> (N, K)."""
        return self.label_log_probability(x).exp() @ self.label_states

    @torch.no_grad()
    def error(self, x: Tensor, y: Tensor) -> float:
        """Share of wrong answers: pictures whose likeliest label is not theirs, or tags whose likelier value is not.

        Pixels may be grey; ``y``: as in ``join``. ShapeError for pixels or labels that are neither.
        """
        x, wanted = self._pairs(x, y)
        Bernoulli().check_states(x, "x", grey=True)
        self.label_unit.check_states(wanted, "y")
        p = self.label_probability(x)
        if self.labels == "softmax":
            return float(double(p.argmax(1) != wanted.argmax(1)).mean())
        return float(double((p > 0.5) != wanted.bool()).mean())

    def extra_repr(self) -> str:
        return f"{self.n_pixels} pixels, {self.n_labels} {self.labels} labels, {self.n_hidden} hidden"


def _check(n_pixels: int, n_labels: int, labels: str) -> None:
    if labels not in KINDS:
        fault = _("labels is {labels!r}; choose one of: {kinds}.")
        raise ConfigError(fault.format(labels=labels, kinds=", ".join(KINDS)))
    if n_pixels < 1:
        fault = _("A labelled RBM needs at least one pixel, got n_pixels={n_pixels}.")
        raise ConfigError(fault.format(n_pixels=n_pixels))
    low, high = (2, None) if labels == "softmax" else (1, MOST_TAGS)
    if n_labels < low or (high is not None and n_labels > high):
        expected = (
            _("2 classes or more")
            if high is None
            else _("1 to {high} tags, all of whose joint states are visited").format(high=high)
        )
        fault = _("n_labels is {n_labels}; expected {expected}.")
        raise ConfigError(fault.format(n_labels=n_labels, expected=expected))
