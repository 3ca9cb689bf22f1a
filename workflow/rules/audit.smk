rule audit:
    """Judge whether the samples of a cell are copies: compare them with training and held-out items."""
    input:
        audited,
    output:
        page="<results>/{study}/{cell}/audit/audit.html",
        record="<results>/{study}/{cell}/audit/audit.json",
        samples="<results>/{study}/{cell}/audit/samples.parquet",
        training="<results>/{study}/{cell}/audit/training.parquet",
        ratios="<results>/{study}/{cell}/ratios.parquet",
    log:
        "<logs>/{study}/{cell}/audit.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/audit.tsv"
    wildcard_constraints:
        study=asking("audit"),
    conda:
        "../../envs/audit.yaml"
    params:
        cell=settings("audit", "seed"),
        templates=digest_files("report/page/templates", "auditing/templates"),
        code=code("audit.py", "audit"),
    script:
        "../scripts/audit.py"


rule audits:
    """Collect the verdicts and net copied fractions of all audits of a study."""
    input:
        ratios=lambda wildcards: expand(
            "<results>/{study}/{cell}/ratios.parquet",
            study=wildcards.study,
            cell=STUDIES[wildcards.study].cells,
        ),
    output:
        "<results>/{study}/audits.parquet",
    log:
        "<logs>/{study}/audits.log",
    wildcard_constraints:
        study=asking("audit"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        cells=lambda wildcards: list(STUDIES[wildcards.study].cells),
        code=code("audits.py"),
    script:
        "../scripts/audits.py"
