rule bundle:
    """Pack config, versions, tables, claims, figures and the sums of all artefacts of a run into one file."""
    input:
        rules.all.input,
        tables=tables_of_figures(),
    output:
        "<results>/bundle.zip",
    log:
        "<logs>/bundle.log",
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        config=config,
        code=code("bundle.py"),
    script:
        "../scripts/bundle.py"


# as an input, the bundle would be made anew first where a file of the run has been lost or changed
rule verify:
    """Name every file of a run that is missing or not as in its bundle; compute a random share of measures again."""
    log:
        "<logs>/verify.log",
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        snakemake=[sys.executable, "-m", "snakemake", "-s", f"{HERE}/Snakefile"],
        cells=[(name, cell) for name, study in STUDIES.items() for cell in study.cells],
        code=code("verify.py"),
    script:
        "../scripts/verify.py"


rule prune:
    """Remove the large arrays of a run that has been packed; nothing that is there has to be made again for it."""
    log:
        "<logs>/prune.log",
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("prune.py"),
    script:
        "../scripts/prune.py"
