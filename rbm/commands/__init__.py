"""One module a command of ``python -m rbm``: ``add_arguments(parser)`` and ``run(arguments) -> int | None``."""
