rule curve_figure:
    """Draw one figure from the curves of a study."""
    input:
        "results/{study}/curves.parquet",
    output:
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="../report/curves.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        svg="results/{study}/figures/{figure}.svg",
    log:
        "results/logs/{study}/{figure}.log",
    wildcard_constraints:
        figure="|".join(CURVE_FIGURES),
    conda:
        "../../envs/figures.yaml"
    params:
        ratios=headline_ratios,
        code=figure_code("curve_figure.py"),
    script:
        "../scripts/curve_figure.py"


rule losses:
    """Draw the losses on training and held-out points."""
    input:
        "results/{study}/losses.parquet",
    output:
        png=report(
            "results/{study}/figures/losses.png",
            caption="../report/losses.rst",
            category="{study}",
            labels={"figure": "losses"},
        ),
        svg="results/{study}/figures/losses.svg",
    log:
        "results/logs/{study}/losses.log",
    conda:
        "../../envs/figures.yaml"
    params:
        code=figure_code("losses.py"),
    script:
        "../scripts/losses.py"


rule scatter:
    """Draw training, held-out and generated points of the first replicate of every cell at five snapshots."""
    input:
        data=first_shards("results/{study}/{cell}/{shard}/data.npz"),
        glimpse=first_shards("results/{study}/{cell}/{shard}/glimpse.npz"),
    output:
        png=report(
            "results/{study}/figures/scatter.png",
            caption="../report/scatter.rst",
            category="{study}",
            labels={"figure": "scatter"},
        ),
        svg="results/{study}/figures/scatter.svg",
    log:
        "results/logs/{study}/scatter.log",
    conda:
        "../../envs/figures.yaml"
    params:
        cells=cell_names,
        code=figure_code("scatter.py"),
    script:
        "../scripts/scatter.py"


rule times_figure:
    """Draw when locations are memorized, against their held-out twins."""
    input:
        "results/{study}/times.parquet",
    output:
        png=report(
            "results/{study}/figures/times.png",
            caption="../report/times.rst",
            category="{study}",
            labels={"figure": "times"},
        ),
        svg="results/{study}/figures/times.svg",
    log:
        "results/logs/{study}/times.log",
    conda:
        "../../envs/figures.yaml"
    params:
        code=code("times_figure.py"),
    script:
        "../scripts/times_figure.py"


rule quality_figure:
    """Draw the quality of the samples against the epoch."""
    input:
        "results/{study}/quality.parquet",
    output:
        png=report(
            "results/{study}/figures/quality.png",
            caption="../report/quality.rst",
            category="{study}",
            labels={"figure": "quality"},
        ),
        svg="results/{study}/figures/quality.svg",
    log:
        "results/logs/{study}/quality.log",
    conda:
        "../../envs/figures.yaml"
    params:
        code=code("quality_figure.py"),
    script:
        "../scripts/quality_figure.py"


rule uses_figure:
    """Draw the uses proposed for memorization times."""
    input:
        "results/{study}/uses.parquet",
    output:
        png=report(
            "results/{study}/figures/uses.png",
            caption="../report/uses.rst",
            category="{study}",
            labels={"figure": "uses"},
        ),
        svg="results/{study}/figures/uses.svg",
    log:
        "results/logs/{study}/uses_figure.log",
    conda:
        "../../envs/figures.yaml"
    params:
        code=code("uses_figure.py"),
    script:
        "../scripts/uses_figure.py"
