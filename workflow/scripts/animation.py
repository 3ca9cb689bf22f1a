"""Draw generated points over training as an animation, and its last frame as a still image.

input    frames.npz of the cells, curves.parquet
output   a GIF, an MP4 and a PNG
"""

from diffmem import files, job
from diffmem.report.outliers.animation import NAMES, animate

job.start(snakemake.log[0])
frames = [files.load_arrays(path, names=NAMES) for path in snakemake.input.frames]
animate(
    dict(zip(snakemake.params.words, frames, strict=True)),
    curves=files.load_table(snakemake.input.curves),
    words=snakemake.params.words,
    counted=snakemake.params.counted,
    gif=snakemake.output.gif,
    mp4=snakemake.output.mp4,
    png=snakemake.output.png,
)
