"""``python -m rbm sample``: what a trained machine makes by itself, as pictures."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from rbm.commands._runs import add_run_argument, check_out, check_positive, find
from rbm.core.limits import COMMAND
from rbm.datasets.catalog import entry
from rbm.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from rbm.experiment import RunSpec

FRAMES, FRAME_MS, SCALE = 24, 200, 2
BETWEEN = 64  # the grey of the lines between pictures


def add_arguments(parser: ArgumentParser) -> None:
    add_run_argument(parser)
    parser.add_argument("--out", type=Path, default=Path("samples.png"), help="the PNG; samples.png if left out")
    parser.add_argument("--gif", type=Path, help="also a film of the chains on their way")
    parser.add_argument("--chains", type=int, default=64, help="pictures, each from a chain of its own")
    parser.add_argument("--steps", type=int, default=1000, help="Gibbs sweeps")
    parser.add_argument("--start", choices=("noise", "data"), default="noise", help="where the chains start")
    parser.add_argument("--beta", type=float, default=1.0, help="inverse temperature, 0 to 2")
    parser.add_argument("--seed", type=int, default=1)


def run(arguments: Namespace) -> int:
    check_positive(chains=arguments.chains, steps=arguments.steps)
    if arguments.chains > COMMAND.chains.most:
        raise ConfigError(f"--chains is {arguments.chains:,}; expected at most {COMMAND.chains.most:,}.")
    check_out(arguments.out, ".png")
    if arguments.gif is not None:
        check_out(arguments.gif, ".gif")
    if not 0 <= arguments.beta <= 2:
        raise ConfigError(f"--beta is {arguments.beta:g}; expected 0 to 2.")
    from rbm import randomness
    from rbm.checkpoint import from_bytes
    from rbm.samplers import from_noise, from_visible, trajectory
    from rbm.tasks.likelihood import fixed_data

    saved = from_bytes(find(arguments)[0])
    draw = randomness.generator(arguments.seed, "sample")
    if arguments.start == "data":
        chains = from_visible(
            saved.model, fixed_data(saved.spec)["test"][: arguments.chains], draw, beta=arguments.beta
        )
    else:
        chains = from_noise(saved.model, arguments.chains, draw, beta=arguments.beta)
    keep = trajectory.spaced(arguments.steps, FRAMES)
    _, frames = trajectory.run(saved.model, chains, draw, arguments.steps, beta=arguments.beta, keep=keep)
    pictures = [_wall(mean.float().cpu().numpy(), saved.spec) for mean in frames.visible_mean]
    _save(pictures[-1:], arguments.out)
    print(f"{len(frames.v[0])} samples after {arguments.steps} sweeps: {arguments.out}")
    if arguments.gif is not None:
        _save(pictures, arguments.gif)
        print(f"{len(pictures)} moments of the chains: {arguments.gif}")
    return 0


def _wall(mean: npt.NDArray[np.float32], spec: RunSpec) -> Image.Image:
    """Means of the visible layer (N, V) as a square of pictures with a line between them, or of sequences of letters."""
    from PIL import Image

    from rbm.core import glyphs
    from rbm.report.pictures import greys, image, sequences, wall

    line, coding, columns = entry(spec.dataset.name), spec.coding, math.ceil(math.sqrt(len(mean)))
    if line.states is not None:
        drawn = sequences(mean, math.prod(line.image_shape), spec.model.n_states)
        found = image(wall(drawn, columns, glyphs.RULE), glyphs.scale(spec.model.n_states, "light"))
    else:
        found = image(wall(greys(coding.pixels(mean), coding.lowest, line.image_shape), columns, BETWEEN))
    return found.resize((found.width * SCALE, found.height * SCALE), Image.Resampling.NEAREST)


def _save(pictures: list[Image.Image], path: Path) -> None:
    more = {"save_all": True, "append_images": pictures[1:], "duration": FRAME_MS, "loop": 0} if pictures[1:] else {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures[0].save(path, "gif" if pictures[1:] else "png", **more)
    except OSError as error:
        raise ConfigError(f"The picture {str(path)!r} cannot be written: {error.strerror or error}.") from error
