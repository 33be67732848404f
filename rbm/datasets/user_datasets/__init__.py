"""A person's own pictures as data sets: ``read.read`` files, ``look.finish`` the pictures, ``save.save`` them by name.

What a file is, ``kinds`` tells; which of several belong together, ``members``; what their names mean, ``names``. Tables are
a ``grid`` of numbers whose ``columns`` are explained; images have ``folders``, ``ink`` and ``levels``; arrays have ``axes``.

Nothing that is read here is trusted: no pickle, no size from a header believed, nothing written before all is checked.
Nothing is guessed in silence: what was decided is in ``Pictures.notes``. Letters: N pictures of h×w pixels, V of them in a
row. Listing what is kept (``save``) needs neither numpy nor torch.
"""
