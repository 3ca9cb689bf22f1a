"""Neighbours, criteria, chance levels and intervals. ``audit`` is the one call for three arrays at hand.

It is looked up when asked for, so that no stage loads, and no digest follows, what it does not use.
"""


def __getattr__(name: str):
    if name != "audit":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from diffmem.measure.auditing import audit

    return audit
