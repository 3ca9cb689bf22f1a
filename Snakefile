"""When and what diffusion models memorize: data -> train -> sample -> neighbours -> rates -> curves -> figures.

snakemake --cores all                                   the quick study of config/config.yaml
snakemake --cores all --configfile config/paper.yaml    another config, instead of it
snakemake plan                                          what the config would run, and what that costs
"""

import re
import sys

from snakemake.utils import min_version

min_version("9.19")

# Snakemake hands the search path on to every script, so that they import the package from here.
sys.path.insert(0, f"{workflow.basedir}/workflow")

if not workflow.configfiles:

    configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        [figures(study) for study in STUDIES],
        "results/claims.csv",
    localrule: True


# every study is a target: snakemake --cores all NAME
for name in STUDIES:

    rule:
        name:
            name
        input:
            figures(name),
        localrule: True


include: "workflow/rules/data.smk"
include: "workflow/rules/diffusion.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/arms.smk"
include: "workflow/rules/effective.smk"
include: "workflow/rules/onset.smk"
