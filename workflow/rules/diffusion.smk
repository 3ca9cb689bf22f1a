rule train:
    """Train the replicates of a shard, stacked, and keep the snapshots."""
    input:
        data=SHARD + "/data.npz",
    output:
        snapshots=passing(SHARD + "/snapshots.npy"),
        training=SHARD + "/training.parquet",
    log:
        LOGS + "/{study}/{cell}/{shard}/train.log",
    benchmark:
        TIMES + "/{study}/{cell}/{shard}/train.tsv"
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("model", "schedule", "training", "seed"),
        code=code("train.py", "model", "schedule"),
    script:
        "../scripts/train.py"


rule sample:
    """Generate points from every snapshot of a shard."""
    input:
        data=SHARD + "/data.npz",
        snapshots=SHARD + "/snapshots.npy",
        training=SHARD + "/training.parquet",
    output:
        passing(SHARD + "/samples.npy"),
    log:
        LOGS + "/{study}/{cell}/{shard}/sample.log",
    benchmark:
        TIMES + "/{study}/{cell}/{shard}/sample.tsv"
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("model", "schedule", "sampling", "seed"),
        code=code("sample.py", "model", "schedule", "sampling"),
    script:
        "../scripts/sample.py"
