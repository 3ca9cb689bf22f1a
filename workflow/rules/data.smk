rule fetch:
    """Fetch a published file into data/, where it stays and serves all runs."""
    output:
        update(placed("{file}")),
    log:
        "<logs>/fetch/{file}.log",
    wildcard_constraints:
        file=unfetched(),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        file=lambda wildcards: DOWNLOADS[wildcards.file],
        code=code("fetch.py"),
    script:
        "../scripts/fetch.py"


rule dataset:
    """Draw the training, held-out and fresh points of a shard."""
    input:
        own_data,
    output:
        "<results>/{study}/{cell}/{shard}/data.npz",
    log:
        "<logs>/{study}/{cell}/{shard}/dataset.log",
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=memory_to_read,
    params:
        cell=settings("data", "seed"),
        code=code("dataset.py", "data"),
    script:
        "../scripts/dataset.py"
