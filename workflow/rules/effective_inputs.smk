"""Effective memorization: which cells are run, and what its rules are told. Searches ask for the sizes."""

import json
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


def run_cells(study, only=None):
    """The cells of a study, or of the arms ``only``, that are run: all, or those that its searches ask for."""
    arms = STUDIES[study].arms
    return [
        sizes[size]
        for arm, sizes in arms.cells.items()
        if only is None or arm in only
        for size in (rounds(study, arm) if arms.search else sizes)
    ]


def arms_of(wildcards):
    """Factors of every arm of a study, its baseline, keys that differ from it, and arm and size of every cell."""
    return STUDIES[wildcards.study].arms.params()


def arm_sizes(wildcards):
    """The sizes that the search of an arm may ask for."""
    return list(STUDIES[wildcards.study].arms.cells[wildcards.arm])


def resolutions(wildcards):
    """Arm -> height of the images at which its skip connections are, None if not all at one."""
    return STUDIES[wildcards.study].arms.resolutions


def arm_words(wildcards):
    """Arm -> its settings in a few words, for the claims."""
    return STUDIES[wildcards.study].arms.summaries


def of_cells(name, arms=lambda study: None):
    """Function of the wildcards: the file ``name`` of every cell that is run, of all ``arms``, and every shard."""

    def files(wildcards):
        study = STUDIES[wildcards.study]
        return expand(
            f"<results>/{study.name}/{{cell}}/{{shard}}/{name}",
            cell=run_cells(study.name, only=arms(study)),
            shard=study.shards,
        )

    return files


def searched(wildcards):
    """The copies of all sizes that an arm's search has asked for: of a round, in earlier ones; without one, in all."""
    study, number = STUDIES[wildcards.study], wildcards.get("round")
    before = None if number is None else int(number)
    sizes = rounds(study.name, wildcards.arm, before=before)
    return expand(
        "<results>/{study}/{cell}/{shard}/copies.parquet",
        study=study.name,
        cell=[study.arms.cells[wildcards.arm][size] for size in sizes],
        shard=study.shards,
    )


def searches_over(wildcards):
    """A file for each arm whose search is over, which snakemake waits for side by side, unlike for checkpoints."""
    arms = STUDIES[wildcards.study].arms
    pattern = "<results>/{study}/search/{arm}/over"
    return expand(pattern, study=wildcards.study, arm=arms.cells) if arms.search else []


def shown_cell(name):
    """Function of the wildcards: the file ``name`` of the baseline's first shard, at a size that every search runs."""

    def file(wildcards):
        study = STUDIES[wildcards.study]
        return (
            f"<results>/{study.name}/{study.arms.shown_cell()}/{study.shards[0]}/{name}"
        )

    return file
