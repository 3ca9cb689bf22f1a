"""An audit as a few rows of a table, from which a study of several audits is drawn."""

import pandas as pd

from diffmem.auditing.result import Audit

RATIOS = ("ratio", "read", "raw", "chance", "net", "net_low", "net_high", "detectable")


def summarise(audit: Audit) -> pd.DataFrame:
    """One row per ratio, or a single one if no share of copies was estimated.

    Returns:
        a table with the columns ``RATIOS``, as from ``measure.auditing``, copying and membership (words of the
        verdicts), copying_sentence and membership_sentence, epsilon_low, samples, called_copies and warnings (their
        number).
    """
    table = audit.table if len(audit.table) else pd.DataFrame({"ratio": [float("nan")], "read": [True]})
    return table.reindex(columns=list(RATIOS)).assign(
        copying=audit.copying.word,
        copying_sentence=audit.copying.sentence,
        membership=audit.membership_verdict.word,
        membership_sentence=audit.membership_verdict.sentence,
        epsilon_low=audit.membership.epsilon_low if audit.membership else float("nan"),
        samples=len(audit.samples),
        called_copies=int(audit.samples["copy"].sum()),
        warnings=len(audit.warnings),
    )
