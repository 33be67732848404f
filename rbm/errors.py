"""What can go wrong, by kind. Every message says what is wrong, what was expected, what was got and the usual fix."""


class RbmError(Exception):
    """Root of every error this engine raises on purpose; its text is fit to be shown to a person."""


class ConfigError(RbmError, ValueError):
    """A knob, a size or a name lies outside what the engine accepts."""


class ShapeError(RbmError, ValueError):
    """A tensor does not have the shape, the type or the values that the model's layers need."""


class DatasetError(RbmError):
    """A data set cannot be read, fetched or understood."""


class CheckpointError(RbmError):
    """A checkpoint is missing, malformed or made for another model."""


class BundleError(RbmError):
    """A run's ZIP is malformed, too large, or its parts do not belong together."""


class TooLargeError(RbmError):
    """An exact computation was asked of a model too large to enumerate."""


class DivergenceError(RbmError):
    """Training produced values that are not finite, or weights beyond any useful size."""


class ClusterError(RbmError):
    """The process that trains could not be started or reached."""


class StoreError(RbmError):
    """The registry of runs cannot be opened or written, or holds no such run."""


class UnusableError(StoreError):
    """The registry of runs cannot be used just now, and may be later: locked, full, stopped, read-only or of a newer program."""


class HeldError(UnusableError):
    """Another tab or server trains the run that was to be taken up."""


class UnknownRunError(StoreError):
    """The registry holds no run of that name."""


class DeletedRunError(UnknownRunError):
    """The run was deleted; it can still be fetched back."""


class NotYoursError(RbmError):
    """What was to be changed is another visitor's."""


class RemovedError(StoreError):
    """What the registry is made of was removed under the running program."""


class UnwrittenError(StoreError):
    """A run's numbers were written, but not its checkpoint."""


class TakenOverError(StoreError):
    """Another tab or server has taken up the run that was to be written, or the registry holds it no more."""
