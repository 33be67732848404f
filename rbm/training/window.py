"""What an event says about the batches before it: sums over a few of them."""

from rbm.models.rbm import RBM
from rbm.training.gradients import Phases

SHARE_AVERAGED = 16  # one batch in so many before an event is measured: three products beside training's five
MOST_AVERAGED = 8


def averaged(spacing: int) -> int:
    """How many of the ``spacing`` batches before an event go into its loss and error: the last few, at least one."""
    return min(max(spacing // SHARE_AVERAGED, 1), MOST_AVERAGED)


class Window:
    """Sums over the last batches before an event."""

    def __init__(self) -> None:
        self.loss, self.error, self.images = 0.0, 0.0, 0

    def add(self, model: RBM, phases: Phases) -> None:
        v0, h0_mean, n = phases.v0, phases.h0_mean, len(phases.v0)  # the last batch of an epoch may be short
        self.loss += n * float(model.free_energy(v0).mean() - model.free_energy(phases.vk).mean())
        self.error += n * float((model.visible_mean(h0_mean) - v0).square().mean())
        self.images += n

    def numbers(self, images_per_second: float) -> dict[str, float]:
        if not self.images:
            return {}
        return {
            "cd_loss": self.loss / self.images,
            "reconstruction_error": self.error / self.images,
            "samples_per_second": images_per_second,
        }
