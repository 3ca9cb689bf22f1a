"""Measure when and what diffusion models memorize.

Five rooms, read left to right; each imports only from those before it:

    data -> diffusion -> measure -> studies -> report

``data``, ``diffusion`` and ``measure`` do not know each other: arrays and files connect them.
The modules beside the rooms (config, registry, rng, files, points, digest, job) belong to the house.
"""
