rule curves:
    """Mean and 95 % interval over replicates of every rate and loss of a study."""
    input:
        rates=shards("<results>/{study}/{cell}/{shard}/rates.parquet"),
        training=shards("<results>/{study}/{cell}/{shard}/training.parquet"),
    output:
        curves="<results>/{study}/curves.parquet",
        losses="<results>/{study}/losses.parquet",
    log:
        "<logs>/{study}/curves.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("curves.py"),
    script:
        "../scripts/curves.py"


rule quality_curves:
    """Mean and 95 % interval over replicates of the quality of the samples."""
    input:
        shards("<results>/{study}/{cell}/{shard}/quality.parquet"),
    output:
        "<results>/{study}/quality.parquet",
    log:
        "<logs>/{study}/quality_curves.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("quality_curves.py"),
    script:
        "../scripts/quality_curves.py"


rule time_curves:
    """Curves of the share memorized, claims by memorization times, and how well memorization times find outliers."""
    input:
        times=shards("<results>/{study}/{cell}/{shard}/times.parquet", twins=True),
        detection=shards(
            "<results>/{study}/{cell}/{shard}/detection.parquet", twins=True
        ),
    output:
        times="<results>/{study}/times.parquet",
        detection="<results>/{study}/detection.parquet",
        claims="<results>/{study}/time_claims.parquet",
    log:
        "<logs>/{study}/time_curves.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        code=code("time_curves.py"),
    script:
        "../scripts/time_curves.py"


rule claims:
    """Put the paper's claims to the test in every cell of a study."""
    input:
        rates=shards("<results>/{study}/{cell}/{shard}/rates.parquet"),
        permutations=shards("<results>/{study}/{cell}/{shard}/permutations.parquet"),
    output:
        "<results>/{study}/claims.parquet",
    log:
        "<logs>/{study}/claims.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        code=code("claims.py"),
    script:
        "../scripts/claims.py"


rule frames:
    """Keep some points of many snapshots of a cell's first replicate, for the animation."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        samples="<results>/{study}/{cell}/{shard}/samples.npy",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/frames.npz",
    log:
        "<logs>/{study}/{cell}/{shard}/frames.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        ratio=setting("measure", "ratio"),
        twins=setting("data", "twins"),
        code=code("frames.py"),
    script:
        "../scripts/frames.py"


rule image_sheet:
    """Choose samples of a cell's first replicate to show next to the training images nearest to them."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        preview="<results>/{study}/{cell}/{shard}/preview.npz",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/images.npz",
    log:
        "<logs>/{study}/{cell}/{shard}/image_sheet.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        size=image_size,
        ratio=setting("measure", "ratio"),
        code=code("images.py"),
    script:
        "../scripts/images.py"


rule exchangeability:
    """Test whether the held-out points of every replicate could have been its training points."""
    input:
        shards("<results>/{study}/{cell}/{shard}/data.npz"),
    output:
        "<results>/{study}/exchangeability.parquet",
    log:
        "<logs>/{study}/exchangeability.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        cells=asked("tested_cells"),
        code=code("exchangeability.py"),
    script:
        "../scripts/exchangeability.py"


rule uses:
    """Put the uses proposed for memorization times to the test: stopping early, and finding outliers."""
    input:
        rates=shards("<results>/{study}/{cell}/{shard}/rates.parquet"),
        training=shards("<results>/{study}/{cell}/{shard}/training.parquet"),
        quality=shards("<results>/{study}/{cell}/{shard}/quality.parquet"),
        detection=shards(
            "<results>/{study}/{cell}/{shard}/detection.parquet", twins=True
        ),
    output:
        uses="<results>/{study}/uses.parquet",
        claims="<results>/{study}/use_claims.parquet",
    log:
        "<logs>/{study}/uses.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        code=code("uses.py"),
    script:
        "../scripts/uses.py"


rule membership_curves:
    """Pool the guesses of all replicates, and put the claim on membership to the test."""
    input:
        shards("<results>/{study}/{cell}/{shard}/membership.parquet"),
    output:
        curves="<results>/{study}/membership.parquet",
        claims="<results>/{study}/membership_claims.parquet",
    log:
        "<logs>/{study}/membership_curves.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        code=code("membership_curves.py"),
    script:
        "../scripts/membership_curves.py"


rule density_claims:
    """Does local spacing explain which points are copied? Coefficients over replicates, and claims."""
    input:
        shards("<results>/{study}/{cell}/{shard}/density.parquet", twins=True),
    output:
        coefficients="<results>/{study}/density.parquet",
        claims="<results>/{study}/density_claims.parquet",
    log:
        "<logs>/{study}/density_claims.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        code=code("density_claims.py"),
    script:
        "../scripts/density_claims.py"


rule stopping:
    """When the quality of held-out points is reached, when bias and copies begin, and what stopping before them costs."""
    input:
        attribution=shards("<results>/{study}/{cell}/{shard}/attribution.parquet"),
        quality=shards("<results>/{study}/{cell}/{shard}/quality.parquet"),
    output:
        stopping="<results>/{study}/stopping.parquet",
        claims="<results>/{study}/stopping_claims.parquet",
    log:
        "<logs>/{study}/stopping.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        twinned=asked("twinned"),
        code=code("stopping.py"),
    script:
        "../scripts/stopping.py"
