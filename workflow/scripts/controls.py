"""Apply all criteria to generators whose answer is known, in one setting.

output   parquet, one row per control and criterion: setting and the columns of
         diffmem.studies.calibration.simulate.simulate
"""

from diffmem import files, job
from diffmem.settings.shards import replicates
from diffmem.studies.calibration.generators import Setting
from diffmem.studies.calibration.simulate import simulate

job.start(snakemake.log[0])
setting, repetitions = Setting(**snakemake.params.setting), replicates(snakemake.wildcards.shard)
table = simulate(setting, repetitions=repetitions, permutations=snakemake.params.permutations)
files.save_table(snakemake.output[0], table.assign(setting=snakemake.wildcards.setting))
