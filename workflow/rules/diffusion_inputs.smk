"""The segments of a long training and the parts of a long sampling: their inputs and their snapshots."""

from diffmem.diffusion.budget import sampling_parts, segment_ends


def ends(wildcards):
    """The last step of every segment of a training."""
    cell = STUDIES[wildcards.study].cells[wildcards.cell]
    return segment_ends(
        cell.training, points=cell.data.rows, length=cell.compute.segment
    )


def segment_end(wildcards):
    """The last step of a segment; without the number of one, of the training."""
    return ends(wildcards)[int(wildcards.get("segment", 0)) - 1]


def segments(ending):
    """Function of the wildcards: the files of all segments of a training before one, by default before the last."""

    def files(wildcards):
        before = int(wildcards.get("segment", len(ends(wildcards))))
        of = {name: wildcards[name] for name in ("study", "cell", "shard")}
        pattern = "<results>/{study}/{cell}/{shard}/segment-{segment}.{ending}"
        return expand(pattern, segment=range(1, before), ending=ending, **of)

    return files


def state_before(wildcards):
    """The state that a segment goes on from; the first has none."""
    return segments("npz")(wildcards)[-1:]


def parts(wildcards):
    """The numbers of the snapshots of every part of a sampling."""
    cell = STUDIES[wildcards.study].cells[wildcards.cell]
    return sampling_parts(
        cell.training, points=cell.data.rows, length=cell.sampling.part
    )


def sampled_parts(wildcards):
    """The samples of all parts; none where one job draws all."""
    count = len(parts(wildcards))
    pattern = "<results>/{study}/{cell}/{shard}/samples-{part}.npy"
    of = {name: wildcards[name] for name in ("study", "cell", "shard")}
    return expand(pattern, part=range(1, count + 1) if count > 1 else [], **of)


def part_of(wildcards):
    """First snapshot of a part, and the first one after it."""
    numbers = parts(wildcards)[int(wildcards.part) - 1]
    return numbers.start, numbers.stop
