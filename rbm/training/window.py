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
        self.loss, self.error, self.batches = 0.0, 0.0, 0

    def add(self, model: RBM, phases: Phases) -> None:
        v0, h0_mean = phases.v0, phases.h0_mean
        self.loss += float(model.free_energy(v0).mean() - model.free_energy(phases.vk).mean())
        self.error += float((model.visible_mean(h0_mean) - v0).square().mean())
        self.batches += 1

    def numbers(self, images_per_second: float) -> dict[str, float]:
        if not self.batches:
            return {}
        return {
            "cd_loss": self.loss / self.batches,
            "reconstruction_error": self.error / self.batches,
            "samples_per_second": images_per_second,
        }
