rule dataset:
    """Draw the training, held-out and fresh points of a shard."""
    input:
        own_data,
    output:
        "results/{study}/{cell}/{shard}/data.npz",
    log:
        "results/logs/{study}/{cell}/{shard}/dataset.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("data", "seed"),
        code=code("dataset.py", "data"),
    script:
        "../scripts/dataset.py"
