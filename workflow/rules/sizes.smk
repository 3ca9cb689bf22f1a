rule clock_events:
    """When bias and copies begin, and when the held-out loss is best, against the number of training points."""
    input:
        attribution=shards("<results>/{study}/{cell}/{shard}/attribution.parquet"),
        quality=shards("<results>/{study}/{cell}/{shard}/quality.parquet"),
        training=shards("<results>/{study}/{cell}/{shard}/training.parquet"),
    output:
        clocks="<results>/{study}/clocks.parquet",
        claims="<results>/{study}/clock_claims.parquet",
    log:
        "<logs>/{study}/clock_events.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        sizes=asked("sizes"),
        settings=asked("summaries"),
        code=code("clocks.py"),
    script:
        "../scripts/clocks.py"


rule network_signals:
    """Signals of memorization that need no samples, at every snapshot of a shard."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        snapshots="<results>/{study}/{cell}/{shard}/snapshots.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
        attribution="<results>/{study}/{cell}/{shard}/attribution.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/signals.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/network_signals.log",
    wildcard_constraints:
        study=asking("outliers"),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=memory,
    params:
        cell=settings("model", "schedule", "seed"),
        code=code("signals.py", "model", "schedule"),
    script:
        "../scripts/signals.py"


rule signal_claims:
    """How well signals without samples tell how much a model copies."""
    input:
        shards("<results>/{study}/{cell}/{shard}/signals.parquet"),
    output:
        signals="<results>/{study}/signals.parquet",
        claims="<results>/{study}/signal_claims.parquet",
    log:
        "<logs>/{study}/signal_claims.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        settings=asked("summaries"),
        code=code("signal_claims.py"),
    script:
        "../scripts/signal_claims.py"


rule run_definitions:
    """Measure every snapshot of a shard by the definitions of the second and of the third paper."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        samples="<results>/{study}/{cell}/{shard}/samples.npy",
        generated="<results>/{study}/{cell}/{shard}/neighbours/generated.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        "<results>/{study}/{cell}/{shard}/definitions.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/run_definitions.log",
    wildcard_constraints:
        study=asking("outliers"),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=memory,
    params:
        code=code("definitions.py"),
    script:
        "../scripts/definitions.py"


rule noise_levels:
    """At which noise levels a model knows its training points, in units of their spacing."""
    input:
        data=shards("<results>/{study}/{cell}/{shard}/data.npz"),
        attribution=shards("<results>/{study}/{cell}/{shard}/attribution.parquet"),
        quality=shards("<results>/{study}/{cell}/{shard}/quality.parquet"),
        training=shards("<results>/{study}/{cell}/{shard}/training.parquet"),
    output:
        levels="<results>/{study}/noise_levels.parquet",
        claims="<results>/{study}/noise_claims.parquet",
    log:
        "<logs>/{study}/noise_levels.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        sizes=asked("sizes"),
        settings=asked("summaries"),
        code=code("noise_levels.py"),
    script:
        "../scripts/noise_levels.py"


rule definition_claims:
    """Put the three papers' definitions of memorization beside each other, with claims on where they agree."""
    input:
        definitions=shards("<results>/{study}/{cell}/{shard}/definitions.parquet"),
        attribution=shards("<results>/{study}/{cell}/{shard}/attribution.parquet"),
    output:
        definitions="<results>/{study}/definitions.parquet",
        claims="<results>/{study}/definition_claims.parquet",
    log:
        "<logs>/{study}/definition_claims.log",
    wildcard_constraints:
        study=asking("outliers"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        sizes=asked("sizes"),
        settings=asked("summaries"),
        code=code("definition_claims.py"),
    script:
        "../scripts/definition_claims.py"
