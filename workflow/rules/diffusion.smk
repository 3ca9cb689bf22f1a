rule train:
    """Train the replicates of a shard, stacked, and keep the snapshots; of a training in segments, the last of them."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        state=state_before,
        snapshots=segments("npy"),
        training=segments("parquet"),
    output:
        snapshots=passing("<results>/{study}/{cell}/{shard}/snapshots.npy"),
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    log:
        "<logs>/{study}/{cell}/{shard}/train.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/{shard}/train.tsv"
    wildcard_constraints:
        study=trained(),
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("model", "schedule", "training", "compute", "seed"),
        stack=lambda wildcards: STUDIES[wildcards.study].stack,
        until=segment_end,
        code=code("train.py", "model", "schedule"),
    script:
        "../scripts/train.py"


# their files go as soon as the whole has been trained
use rule train as train_segment with:
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        state=state_before,
    output:
        state=temp("<results>/{study}/{cell}/{shard}/segment-{segment}.npz"),
        snapshots=temp("<results>/{study}/{cell}/{shard}/segment-{segment}.npy"),
        training=temp("<results>/{study}/{cell}/{shard}/segment-{segment}.parquet"),
    log:
        "<logs>/{study}/{cell}/{shard}/train_segment-{segment}.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/{shard}/train_segment-{segment}.tsv"


rule sample:
    """Generate points from every snapshot of a shard; of a sampling in parts, join them."""
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        snapshots="<results>/{study}/{cell}/{shard}/snapshots.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
        parts=sampled_parts,
    output:
        samples=passing("<results>/{study}/{cell}/{shard}/samples.npy"),
        preview="<results>/{study}/{cell}/{shard}/preview.npz",
    log:
        "<logs>/{study}/{cell}/{shard}/sample.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/{shard}/sample.tsv"
    wildcard_constraints:
        study=trained(),
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("model", "schedule", "training", "sampling", "compute", "seed"),
        code=code("sample.py", "model", "schedule", "sampling"),
    script:
        "../scripts/sample.py"


# its files go as soon as they are joined
use rule sample as sample_part with:
    input:
        data="<results>/{study}/{cell}/{shard}/data.npz",
        snapshots="<results>/{study}/{cell}/{shard}/snapshots.npy",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
    output:
        samples=temp("<results>/{study}/{cell}/{shard}/samples-{part}.npy"),
    log:
        "<logs>/{study}/{cell}/{shard}/sample_part-{part}.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/{shard}/sample_part-{part}.tsv"
    wildcard_constraints:
        study=trained(),
        part=r"\d+",
    params:
        cell=settings("model", "schedule", "training", "sampling", "compute", "seed"),
        part=part_of,
        code=code("sample.py", "model", "schedule", "sampling"),


rule optimum:
    """Sample the closed-form optimum of every replicate of a shard, the ceiling of its curves."""
    input:
        "<results>/{study}/{cell}/{shard}/data.npz",
    output:
        "<results>/{study}/{cell}/{shard}/ceiling.npz",
    log:
        "<logs>/{study}/{cell}/{shard}/optimum.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/{shard}/optimum.tsv"
    wildcard_constraints:
        study=trained(),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=memory,
    params:
        cell=settings("schedule", "sampling", "seed"),
        code=code("optimum.py", "schedule", "sampling"),
    script:
        "../scripts/optimum.py"


rule saved:
    """Take the samples of a model that was trained elsewhere, at every snapshot that it saved."""
    input:
        own_samples,
        data="<results>/{study}/{cell}/{shard}/data.npz",
    output:
        samples="<results>/{study}/{cell}/{shard}/samples.npy",
        preview="<results>/{study}/{cell}/{shard}/preview.npz",
        training="<results>/{study}/{cell}/{shard}/training.parquet",
        ceiling="<results>/{study}/{cell}/{shard}/ceiling.npz",
    log:
        "<logs>/{study}/{cell}/{shard}/saved.log",
    wildcard_constraints:
        study=given(),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=memory_to_read,
    params:
        cell=settings("data", "sampling", "seed"),
        code=code("saved.py", "data", "sampling"),
    script:
        "../scripts/saved.py"
