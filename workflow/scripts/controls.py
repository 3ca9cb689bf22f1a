"""Run the controls of a setting.

output   parquet, one row per control and criterion: setting and the columns of diffmem.studies.calibration.generators.simulate
"""

from diffmem import files, job
from diffmem.settings.study import replicates
from diffmem.studies.calibration import generators as controls

job.start(snakemake.log[0])
setting = controls.Setting(**snakemake.params.setting)
repetitions = replicates(snakemake.wildcards.shard)
table = controls.simulate(setting, repetitions=repetitions, permutations=snakemake.params.permutations)
files.save_table(snakemake.output[0], table.assign(setting=snakemake.wildcards.setting))
