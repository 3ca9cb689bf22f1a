"""Draw one figure.

input    the tables and arrays that registry.FIGURES names for it, under the names of the arguments of its function
output   a PNG and an SVG
"""

from pathlib import Path

import pandas as pd

from diffmem import files, job, registry
from diffmem.report import style

job.start(snakemake.log[0])


def load(paths):
    """A table, of all parts if there are several, or arrays by name; a list of these where cells have one each."""
    if isinstance(paths, str):
        if paths.endswith(".parquet"):
            return files.load_table(paths)
        return files.load_arrays(paths, names=registry.ARRAYS[Path(paths).name])
    found = [load(path) for path in paths]
    return pd.concat(found) if isinstance(found[0], pd.DataFrame) else found


inputs = {name: load(paths) for name, paths in snakemake.input.items()}
figure = registry.load(snakemake.params.draw)(**inputs, **snakemake.params.options)
style.count_in(figure, snakemake.params.counted)
style.save(figure, png=snakemake.output.png, svg=snakemake.output.svg)
