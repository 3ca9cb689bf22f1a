rule neighbours:
    """Find the nearest training and test locations of every generated, fresh and optimal point of a shard."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        samples="<results>/{study}/{cell}/{shard}/samples.npy",
        ceiling="<results>/{study}/{cell}/{shard}/ceiling.npz",
    output:
        generated=passing("<results>/{study}/{cell}/{shard}/neighbours/generated.npy"),
        references="<results>/{study}/{cell}/{shard}/neighbours/references.npz",
        recall="<results>/{study}/{cell}/{shard}/neighbours/recall.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/neighbours.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/{shard}/neighbours.tsv"
    conda:
        "../../envs/onset.yaml"
    resources:
        mem_mb=memory,
    params:
        cell=settings("neighbours", "seed"),
        rounded=setting("measure", "rounded"),
        merge=setting("measure", "merge"),
        device=setting("compute", "device"),
        code=code("neighbours.py", "neighbours"),
    script:
        "../scripts/neighbours.py"


rule rates:
    """Measure every snapshot of a shard: raw and net copied fractions, mass and coverage per stratum."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="<results>/{study}/{cell}/{shard}/neighbours/references.npz",
        recall="<results>/{study}/{cell}/{shard}/neighbours/recall.parquet",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        rates="<results>/{study}/{cell}/{shard}/rates.parquet",
        attribution="<results>/{study}/{cell}/{shard}/attribution.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/rates.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("data", "training", "measure"),
        code=code("rates.py"),
    script:
        "../scripts/rates.py"


rule times:
    """When every location of a shard is memorized, and how well that finds the injected outliers."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="<results>/{study}/{cell}/{shard}/neighbours/references.npz",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        times="<results>/{study}/{cell}/{shard}/times.parquet",
        detection="<results>/{study}/{cell}/{shard}/detection.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/times.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("data", "measure"),
        code=code("times.py"),
    script:
        "../scripts/times.py"


rule quality:
    """How good the samples of a shard are, beside what they copy."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        samples="<results>/{study}/{cell}/{shard}/samples.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/quality.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/quality.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=memory,
    params:
        cell=settings("seed"),
        code=code("quality.py"),
    script:
        "../scripts/quality.py"


rule permutations:
    """Test the last snapshots of a shard: permuted labels, and the criterion of fifty neighbours."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        preview="<results>/{study}/{cell}/{shard}/preview.npz",
    output:
        "<results>/{study}/{cell}/{shard}/permutations.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/permutations.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=memory,
    params:
        cell=settings("measure", "seed"),
        code=code("permutations.py"),
    script:
        "../scripts/permutations.py"


rule membership:
    """Guess which of two points was trained on, at every snapshot of a shard."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        samples="<results>/{study}/{cell}/{shard}/samples.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/membership.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/membership.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=memory,
    params:
        cell=settings("seed"),
        merge=setting("measure", "merge"),
        code=code("membership.py"),
    script:
        "../scripts/membership.py"


rule density:
    """Regress copying on stratum and local spacing, at every snapshot of a shard."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="<results>/{study}/{cell}/{shard}/neighbours/references.npz",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/density.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/density.log",
    wildcard_constraints:
        study=asking("outliers"),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=memory,
    params:
        ratio=setting("measure", "ratio"),
        class_width=setting("data", "class_width"),
        code=code("density.py"),
    script:
        "../scripts/density.py"
