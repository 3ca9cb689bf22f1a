rule neighbours:
    """Find the nearest training and test locations of every generated and every fresh point of a shard."""
    input:
        data=SHARD + "/data.npz",
        samples=SHARD + "/samples.npy",
    output:
        generated=passing(SHARD + "/neighbours/generated.npy"),
        fresh=SHARD + "/neighbours/fresh.npy",
    log:
        LOGS + "/{study}/{cell}/{shard}/neighbours.log",
    benchmark:
        TIMES + "/{study}/{cell}/{shard}/neighbours.tsv"
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("neighbours.py"),
    script:
        "../scripts/neighbours.py"


rule rates:
    """Judge every snapshot of a shard: raw and net copied fractions, mass and coverage per stratum."""
    input:
        data=SHARD + "/data.npz",
        generated=SHARD + "/neighbours/generated.npy",
        fresh=SHARD + "/neighbours/fresh.npy",
        training=SHARD + "/training.parquet",
    output:
        SHARD + "/rates.parquet",
    log:
        LOGS + "/{study}/{cell}/{shard}/rates.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("data", "training", "measure"),
        code=code("rates.py"),
    script:
        "../scripts/rates.py"
