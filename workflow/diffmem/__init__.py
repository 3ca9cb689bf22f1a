"""Measure when and what diffusion models memorize.

The rooms are read left to right; each imports only from those before it:

    data -> diffusion -> neighbours -> measure -> studies -> report

``data``, ``diffusion`` and ``neighbours`` do not know each other: arrays and files connect them, and ``measure`` knows
only ``neighbours``. The modules beside the rooms and ``settings`` serve all of them.
"""
