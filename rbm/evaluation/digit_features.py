"""A fixed feature space for pictures of digits: what a small convolutional classifier of MNIST makes of them.

Fréchet distances need features in which nearness means likeness. The customary ones (Inception) know photographs, not
digits; pixels, or any linear map of them, cannot tell digits from a Gaussian with the digits' mean and covariance. So a
classifier was trained once, on MNIST's training images, and its weights come with the program: the same numbers for
everybody, without a download and without a minute's training first. ``python -m rbm.evaluation.digit_features`` makes
them again. It never saw the test images, about 99 % of which it names rightly (a test says how many).

The features are scaled so that their variances over the training images add up to 100: a Fréchet distance is in per cent
of how much real digits differ among themselves. Limits: a picture is judged by what tells digits apart, little by its
sharpness or its noise, and only MNIST's own kind of picture: 28×28, white on black. Distances here compare with each
other, never with published FIDs. Letters: N pictures.
"""

from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rbm import randomness
from rbm.core.language import _
from rbm.datasets.base import Dataset
from rbm.errors import ShapeError

SIDE = 28
WIDTH = 32  # features of a picture: few, so that some hundred samples suffice for their covariance
VARIANCE = 100.0  # of all features together, over the training images
ROWS = 500  # pictures through the layers at once
WEIGHTS = Path(__file__).parents[2] / "assets" / "digit_features.safetensors"


class DigitNet(nn.Module):
    """Three convolutions of stride 2, a linear map to WIDTH features, and ten logits of their positive parts.

    LeCun, Bottou, Bengio & Haffner, Gradient-Based Learning Applied to Document Recognition (1998), made small.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(32, 32, 3, 2, 1), nn.ReLU(),
            nn.Flatten(),
        )  # fmt: skip
        self.features = nn.Linear(32 * 16, WIDTH)
        self.classes = nn.Linear(WIDTH, 10)
        self.register_buffer("scale", torch.ones(()))

    scale: Tensor

    def forward(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, WIDTH) and logits (N, 10) of v (N, 784)."""
        found = self.features(self.convolutions(v.unflatten(1, (1, SIDE, SIDE))))
        return found * self.scale, self.classes(found.relu())


@torch.no_grad()
def describe(v: Tensor) -> tuple[Tensor, Tensor]:
    """Features (N, WIDTH) float64 and probabilities of the ten digits (N, 10) of pictures v (N, 784) in [0, 1].

    ShapeError for anything but 28×28 pixels, laid flat.
    """
    if v.ndim != 2 or v.shape[1] != SIDE * SIDE:
        wrong = _("Digits' features are of pictures (N, 784), 28×28 laid flat; got {shape}.")
        raise ShapeError(wrong.format(shape=tuple(v.shape)))
    net = digit_net()
    found = [net(part.float()) for part in v.split(ROWS)]
    features, logits = (torch.cat(parts).double() for parts in zip(*found, strict=True))
    return features, logits.softmax(1)


@lru_cache(maxsize=1)
def digit_net() -> DigitNet:
    """The classifier with the weights that come with the program, not to be trained further."""
    net = DigitNet()
    net.load_state_dict({name: w.float() for name, w in load_file(WEIGHTS).items()})
    return net.requires_grad_(False).eval()


def fit(dataset: Dataset, *, epochs: int = 6, batch_size: int = 64, seed: int = 1) -> DigitNet:
    """Train the classifier on dataset.train by Adam, its rate falling from 0.002 to 0 (cosine): how WEIGHTS came about."""
    draw = randomness.generator(seed, "digit features")
    net = DigitNet()
    with torch.no_grad():  # torch's own start, but drawn from a generator of ours
        for p in net.parameters():
            bound = (p[0].numel() if p.ndim > 1 else len(p)) ** -0.5
            p.uniform_(-bound, bound, generator=draw)
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    total = epochs * -(-len(dataset.train) // batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
    for __ in range(epochs):
        for rows in torch.randperm(len(dataset.train), generator=draw).split(batch_size):
            loss = nn.functional.cross_entropy(net(dataset.train[rows])[1], dataset.train_labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.requires_grad_(False).eval()
    found = torch.cat([net(part)[0] for part in dataset.train.split(ROWS)])
    net.scale.copy_((VARIANCE / found.var(0).sum()).sqrt())
    return net


if __name__ == "__main__":
    from rbm.datasets.catalog import load_dataset

    save_file({name: w.half().contiguous() for name, w in fit(load_dataset("mnist")).state_dict().items()}, WEIGHTS)
