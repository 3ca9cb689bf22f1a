from itertools import count


def rounds(study, arm, before=None):
    """Sizes that the search of an arm has asked for, of all its rounds or of those ``before`` one."""
    sizes = []
    for number in range(before) if before is not None else count():
        asked = checkpoints.search.get(study=study, arm=arm, round=number).output[0]
        with open(asked) as file:
            new = json.load(file)
        if not new and before is None:
            return sizes
        sizes += new
    return sizes


def run_cells(study):
    """The cells of a study that are run: all, or those that its searches ask for."""
    arms = STUDIES[study].arms
    sizes = {
        arm: rounds(study, arm) if arms.search else sizes
        for arm, sizes in arms.cells.items()
    }
    return [arms.cells[arm][size] for arm in arms.cells for size in sizes[arm]]


def arms_of(study):
    """Factors of every arm of a study, its baseline, and arm, size and name of every cell."""
    arms = STUDIES[study].arms
    cells = {
        name: [arm, n] for arm, own in arms.cells.items() for n, name in own.items()
    }
    return {"factors": arms.factors, "baseline": arms.baseline, "cells": cells}


def arm_words(wildcards):
    """The settings of a study in a few words, for the claims."""
    cell = next(iter(STUDIES[wildcards.study].cells.values()))
    training = cell["training"]
    unit = "steps" if training["steps"] else "epochs"
    return f"{cell['data']['shape']}, {cell['model']['network']}, {training[unit]:,} {unit}"


def of_cells(name):
    """Function of the wildcards: the file ``name`` of every cell that is run and every shard."""

    def files(wildcards):
        study = STUDIES[wildcards.study]
        return expand(
            f"results/{study.name}/{{cell}}/{{shard}}/{name}",
            cell=run_cells(study.name),
            shard=study.shards,
        )

    return files


def searched(wildcards):
    """The copies of all sizes that earlier rounds of an arm's search have asked for."""
    study = STUDIES[wildcards.study]
    sizes = rounds(study.name, wildcards.arm, before=int(wildcards.round))
    return expand(
        "results/{study}/{cell}/{shard}/copies.parquet",
        study=study.name,
        cell=[study.arms.cells[wildcards.arm][size] for size in sizes],
        shard=study.shards,
    )


def shown_cell(name):
    """Function of the wildcards: the file ``name`` of the baseline's first shard, at a size that every search runs."""

    def file(wildcards):
        study = STUDIES[wildcards.study]
        cells = list(study.arms.cells[study.arms.baseline].values())
        cell = cells[0 if study.arms.search else len(cells) // 2]
        return f"results/{study.name}/{cell}/{study.shards[0]}/{name}"

    return file


rule copies:
    """Judge every snapshot of a shard by the rule of 1/3, beside what held-out points and the optimum score."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        generated="results/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="results/{study}/{cell}/{shard}/neighbours/references.npz",
        training="results/{study}/{cell}/{shard}/training.parquet",
    output:
        "results/{study}/{cell}/{shard}/copies.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/copies.log",
    wildcard_constraints:
        study=asking("effective"),
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("copies.py"),
    script:
        "../scripts/copies.py"


checkpoint search:
    """Which sizes of an arm to run next, so that few runs close in on its effective memorization."""
    input:
        searched,
    output:
        "results/{study}/search/{arm}/{round}.json",
    log:
        "results/logs/{study}/search/{arm}/{round}.log",
    wildcard_constraints:
        study=asking("effective"),
        round=r"\d+",
    conda:
        "../../envs/tables.yaml"
    params:
        sizes=lambda wildcards: list(STUDIES[wildcards.study].arms.cells[wildcards.arm]),
        code=code("search.py"),
    script:
        "../scripts/search.py"


rule effective:
    """Effective memorization of every arm, and the paper's claims about what drives it."""
    input:
        copies=of_cells("copies.parquet"),
        quality=of_cells("quality.parquet"),
        training=of_cells("training.parquet"),
    output:
        runs="results/{study}/runs.parquet",
        curves="results/{study}/effective_curves.parquet",
        estimates="results/{study}/effective.parquet",
        fits="results/{study}/fits.parquet",
        factors="results/{study}/factors.parquet",
        claims="results/{study}/claims.parquet",
    log:
        "results/logs/{study}/effective.log",
    wildcard_constraints:
        study=asking("effective"),
    conda:
        "../../envs/tables.yaml"
    params:
        arms=lambda wildcards: arms_of(wildcards.study),
        settings=arm_words,
        code=code("effective.py"),
    script:
        "../scripts/effective.py"


rule effective_figure:
    """Draw one figure of a study of effective memorization."""
    input:
        curves="results/{study}/effective_curves.parquet",
        estimates="results/{study}/effective.parquet",
        fits="results/{study}/fits.parquet",
        factors="results/{study}/factors.parquet",
    output:
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="../report/effective.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        svg="results/{study}/figures/{figure}.svg",
    log:
        "results/logs/{study}/{figure}.log",
    wildcard_constraints:
        study=asking("effective"),
        figure="effective|factors|tradeoff",
    conda:
        "../../envs/figures.yaml"
    params:
        arms=lambda wildcards: arms_of(wildcards.study),
        code=figure_code("effective_figure.py"),
    script:
        "../scripts/effective_figure.py"


rule matches:
    """Show generated images beside the training images nearest to them."""
    input:
        data=shown_cell("data.npz"),
        glimpse=shown_cell("glimpse.npz"),
        generated=shown_cell("neighbours/generated.npy"),
    output:
        png=report(
            "results/{study}/figures/matches.png",
            caption="../report/effective.rst",
            category="{study}",
            labels={"figure": "matches"},
        ),
        svg="results/{study}/figures/matches.svg",
    log:
        "results/logs/{study}/matches.log",
    wildcard_constraints:
        study=asking("effective"),
    conda:
        "../../envs/figures.yaml"
    params:
        size=lambda wildcards: checks.size(
            next(iter(STUDIES[wildcards.study].cells.values()))["data"]
        ),
        code=figure_code("matches.py"),
    script:
        "../scripts/matches.py"
