"""A person's own pictures as data sets: ``read.read`` files, ``look.finish`` the pictures, ``keep.keep`` them by name.

Nothing that is read here is trusted: no pickle, no size from a header believed, nothing written before all is checked.
Letters: N pictures of h×w pixels. Listing what is kept (``keep``) needs neither numpy nor torch.
"""
