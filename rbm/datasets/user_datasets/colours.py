"""One rule for every reader: colours become grey by their luma (ITU-R 601-2), and that is said."""

from __future__ import annotations

import numpy as np

from rbm.core.language import _

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_SEEN = 8 / 255  # the channels of a grey picture differ by less, also where it was packed as JPEG


def are_in(pixels: np.ndarray) -> bool:
    """Whether any of these (..., 3 or 4), red, green, blue and opacity in [0, 1], is seen to be another colour than grey."""
    seen = pixels if pixels.shape[-1] == 3 else pixels[..., :3] * pixels[..., 3:]
    return bool((np.ptp(seen, axis=-1) > _SEEN).any())


def note(found: bool) -> str:
    """What is to be said; "" for nothing."""
    return _("Colours were turned to grey.") if found else ""
