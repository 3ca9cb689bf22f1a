rule figure:
    """Draw one figure of a study, a calibration, or the public code."""
    input:
        unpack(figure_tables),
    output:
        png=report(
            "<results>/{study}/figures/{figure}.png",
            caption="../report/figure.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        svg="<results>/{study}/figures/{figure}.svg",
    log:
        "<logs>/{study}/figures/{figure}.log",
    wildcard_constraints:
        study="|".join(map(re.escape, (*STUDIES, *CONTROLS, "published"))),
        figure="|".join(name for names in registry.FIGURES.values() for name in names),
    localrule: True
    conda:
        "../../envs/figures.yaml"
    params:
        draw=figure_draw,
        options=figure_options,
        counted=counted,
        code=figure_code,
    script:
        "../scripts/figure.py"


rule animation:
    """Draw the points of a study in the plane over training, beside the net copied fraction."""
    input:
        frames=frames_of_animation,
        curves="<results>/{study}/curves.parquet",
    output:
        gif=report(
            "<results>/{study}/figures/{figure}.gif",
            caption="../report/figure.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        mp4="<results>/{study}/figures/{figure}.mp4",
        png="<results>/{study}/figures/{figure}.png",
    log:
        "<logs>/{study}/figures/{figure}.log",
    wildcard_constraints:
        study=asking("outliers"),
        figure="animation",
    localrule: True
    conda:
        "../../envs/figures.yaml"
    params:
        words=words_of_animation,
        counted=counted,
        code=code("animation.py"),
    script:
        "../scripts/animation.py"


rule plan:
    """Print what the chosen config would run, and what that costs, or refuse it. Runs nothing."""
    log:
        "<logs>/plan.log",
    localrule: True
    conda:
        "../../envs/onset.yaml"
    params:
        studies=STUDIES,
        discard=config.get("intermediates") == "discard",
        cores=workflow.cores or os.cpu_count(),
        folder=f"results/{NAME}",
    script:
        "../scripts/plan.py"


rule claims_table:
    """Collect the claims of all studies, without verdicts where held-out points differ from training points."""
    input:
        claims=claims_of(list(STUDIES)),
        exchangeability=expand(
            "<results>/{study}/exchangeability.parquet", study=OUTLIERS
        ),
    output:
        report(
            "<results>/claims.csv",
            caption="../report/claims.rst",
            category="claims",
            labels={"table": "claims"},
        ),
    log:
        "<logs>/claims.log",
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("claims_table.py"),
    script:
        "../scripts/claims_table.py"


use rule claims_table as study_claims_table with:
    input:
        claims=lambda wildcards: claims_of([wildcards.study]),
        exchangeability=lambda wildcards: expand(
            "<results>/{study}/exchangeability.parquet",
            study={wildcards.study} & set(OUTLIERS),
        ),
    output:
        report(
            "<results>/{study}/claims.csv",
            caption="../report/claims.rst",
            category="{study}",
            labels={"table": "claims"},
        ),
    log:
        "<logs>/{study}/claims_table.log",
    wildcard_constraints:
        study=asking("outliers", "effective", "onset", "audit"),
    localrule: True


rule report_page:
    """Show the run on one page that needs no other file: findings, claims, figures, costs, configuration."""
    input:
        figures=[path for name in STUDIES for path in figures(name) + animation(name)],
        tables=page_tables(STUDIES),
        claims="<results>/claims.csv",
    output:
        "<results>/report.html",
    log:
        "<logs>/report_page.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        captions=Path(workflow.source_path("../report/figure.rst")).read_text(),
        others=page_others(),
        configfiles=[os.path.relpath(path) for path in paths],
        code=code("report_page.py"),
        templates=digest_files("report/page/templates"),
    script:
        "../scripts/report_page.py"


use rule report_page as study_page with:
    input:
        figures=lambda wildcards: figures(wildcards.study) + animation(wildcards.study),
        tables=lambda wildcards: page_tables([wildcards.study]),
        claims="<results>/{study}/claims.csv",
    output:
        "<results>/{study}/report.html",
    log:
        "<logs>/{study}/report_page.log",
    wildcard_constraints:
        study=asking("outliers", "effective", "onset", "audit"),
    localrule: True
