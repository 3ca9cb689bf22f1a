rule copies:
    """Judge every snapshot of a shard by the rule of 1/3, beside what held-out points and the optimum score."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="<results>/{study}/{cell}/{shard}/neighbours/references.npz",
        recall="<results>/{study}/{cell}/{shard}/neighbours/recall.parquet",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/copies.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/copies.log",
    wildcard_constraints:
        study=asking("effective"),
    localrule: True
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
        "<results>/{study}/search/{arm}/{round}.json",
    log:
        "<logs>/{study}/search/{arm}/{round}.log",
    wildcard_constraints:
        study=asking("effective"),
        round=r"\d+",
    priority: 1  # before jobs of other arms, so that there is work for all cores
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        sizes=arm_sizes,
        code=code("search.py"),
    script:
        "../scripts/search.py"


rule search_over:
    """Wait for the search of one arm, so that those of all arms run side by side."""
    input:
        searched,
    output:
        touch("<results>/{study}/search/{arm}/over"),
    wildcard_constraints:
        study=asking("effective"),
    localrule: True


rule effective:
    """Effective memorization of every arm, and the paper's claims about what drives it."""
    input:
        searches=searches_over,
        copies=of_cells("copies.parquet"),
        quality=of_cells("quality.parquet"),
        training=of_cells("training.parquet"),
        labelled=of_cells("data.npz", arms=lambda study: study.arms.true_labels()),
    output:
        runs="<results>/{study}/runs.parquet",
        curves="<results>/{study}/effective_curves.parquet",
        estimates="<results>/{study}/effective.parquet",
        thresholds="<results>/{study}/thresholds.parquet",
        fits="<results>/{study}/fits.parquet",
        factors="<results>/{study}/factors.parquet",
        losses="<results>/{study}/effective_losses.parquet",
        panels="<results>/{study}/panels.parquet",
        claims="<results>/{study}/claims.parquet",
    log:
        "<logs>/{study}/effective.log",
    wildcard_constraints:
        study=asking("effective"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        arms=arms_of,
        resolutions=resolutions,
        settings=arm_words,
        code=code("effective.py"),
    script:
        "../scripts/effective.py"


rule matches:
    """Choose generated images to show next to the training images nearest to them."""
    input:
        data=shown_cell("data.npz"),
        preview=shown_cell("preview.npz"),
        generated=shown_cell("neighbours/generated.npy"),
    output:
        "<results>/{study}/matches.npz",
    log:
        "<logs>/{study}/matches.log",
    wildcard_constraints:
        study=asking("effective"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        size=image_size,
        code=code("matches.py"),
    script:
        "../scripts/matches.py"
