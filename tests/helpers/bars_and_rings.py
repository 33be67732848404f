"""Forty-two pictures in three classes, as people's own files bring them: 6×6 bytes with a black border."""

import numpy as np

N, SIDE = 42, 6
KINDS = np.arange(N) % 3
_RNG = np.random.default_rng(7)


def drawn() -> np.ndarray:
    """An upright bar, a lying bar and a ring in turn, (N, 6, 6) bytes with a black border."""
    pictures = np.zeros((N, SIDE, SIDE), dtype=np.uint8)
    for picture, kind in zip(pictures, KINDS, strict=True):
        if kind == 0:
            picture[1:5, 2 + _RNG.integers(2)] = 255
        elif kind == 1:
            picture[2 + _RNG.integers(2), 1:5] = 255
        else:
            picture[1:5, 1:5] = 255
            picture[2:4, 2:4] = 0
    return pictures


PICTURES = drawn()


def csv(values: np.ndarray, header: str = "") -> bytes:
    return (header + "\n".join(",".join(map(str, row)) for row in values.tolist()) + "\n").encode()


FLAT = PICTURES.reshape(N, -1).astype(int)
