"""Shards: groups of replicates that one job processes together."""


def shards(*, replicates: int, size: int) -> tuple[str, ...]:
    """Names of the shards of these ``replicates``, each of ``size`` replicates except possibly the last."""
    return tuple(f"r{start:03d}-{min(start + size, replicates) - 1:03d}" for start in range(0, replicates, size))


def replicates(shard: str) -> range:
    """Numbers of the replicates in a ``shard``, such as r000-004."""
    first, last = shard.removeprefix("r").split("-")
    return range(int(first), int(last) + 1)
