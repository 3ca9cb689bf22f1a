"""Numbers as text: two significant digits, a typographic minus sign, intervals in brackets."""

import math

MINUS, INFINITY = "\N{MINUS SIGN}", "\N{INFINITY}"


def number(value: float, *, digits: int = 2) -> str:
    """``value`` to ``digits`` significant digits, as a whole number from 100 on; a dash if it is missing.

    >>> [number(x) for x in (0.5251, -0.0436, 3.676, 668.4, float("inf"), float("nan"))]
    ['0.53', '−0.044', '3.7', '668', '∞', '–']
    """
    if math.isnan(value):
        return "–"
    sign = MINUS if value < 0 else ""
    size = abs(value)
    if math.isinf(size):
        return sign + INFINITY
    if size and size < 1e-4:
        return f"{sign}{size:.{digits - 1}e}".replace("e-0", "e-").replace("e-", f"e{MINUS}")
    if size >= 100:
        return f"{sign}{size:,.0f}"
    places = max(digits - 1 - math.floor(math.log10(size)), 0) if size else 0
    return f"{sign}{size:.{places}f}"


def estimate(effect: float, low: float, high: float, *, bound: bool = False) -> str:
    """An effect with its interval, if there is one. With ``bound`` the effect is a lower bound.

    >>> estimate(0.5251, 0.4679, 0.5823)
    '0.53 [0.47, 0.58]'
    """
    text = ("≥ " if bound and not math.isnan(effect) else "") + number(effect)
    return text if math.isnan(low) or math.isnan(high) else f"{text} [{number(low)}, {number(high)}]"


def duration(seconds: float) -> str:
    """Seconds in hours or minutes if they are at least one of these units, else in seconds.

    >>> [duration(x) for x in (3.8, 75, 7560)]
    ['4 s', '1.2 min', '2.1 h']
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
