from diffmem.studies.calibration import settings as calibration

CONTROLS = {
    name: expand(
        "<results>/{calibration}/{setting}/{shard}.parquet",
        calibration=name,
        setting=known,
        shard=calibration.SHARDS[name],
    )
    for name, known in calibration.SETTINGS.items()
}


# the quick and the full calibration are targets: snakemake --cores all controls
for name in calibration.SETTINGS:

    rule:
        name:
            name
        input:
            expand(
                "<results>/{calibration}/figures/controls.{kind}",
                calibration=name,
                kind=("png", "svg"),
            ),
            expand("<results>/{calibration}/calibration.csv", calibration=name),
        localrule: True


rule control:
    """Apply all criteria to generators whose answer is known, in one setting."""
    output:
        "<results>/{calibration}/{setting}/{shard}.parquet",
    log:
        "<logs>/{calibration}/{setting}/{shard}.log",
    benchmark:
        "<benchmarks>/{calibration}/{setting}/{shard}.tsv"
    wildcard_constraints:
        calibration="|".join(calibration.SETTINGS),
        setting=r"[\w-]+",
    conda:
        "../../envs/tables.yaml"
    params:
        setting=lookup(dpath="{calibration}/{setting}", within=calibration.SETTINGS),
        permutations=calibration.PERMUTATIONS,
        code=code("controls.py"),
    script:
        "../scripts/controls.py"


rule calibration:
    """Calibrate every criterion: false alarms, power, bias and coverage."""
    input:
        lookup(dpath="{calibration}", within=CONTROLS),
    output:
        calibration="<results>/{calibration}/calibration.parquet",
        csv=report(
            "<results>/{calibration}/calibration.csv",
            caption="../report/calibration.rst",
            category="{calibration}",
            labels={"table": "calibration"},
        ),
        levels="<results>/{calibration}/levels.parquet",
    log:
        "<logs>/{calibration}/calibration.log",
    wildcard_constraints:
        calibration="|".join(calibration.SETTINGS),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("calibration.py"),
    script:
        "../scripts/calibration.py"
