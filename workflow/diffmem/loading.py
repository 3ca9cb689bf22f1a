"""Import of a function by its name ``module:function``.

A name is a string, so that a function is imported only when it is used. ``digest.py`` follows only the selected
modules: a new network does not rerun jobs that use another. The functions that a config can select are named in its
records (``settings.records.Choice``), the figures in ``registry.py``.
"""

import importlib
from collections.abc import Callable


def load(target: str) -> Callable:
    """Import the function or class ``module:function``."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)
