"""The figure of several audits shows the intervals of its table, and words where there is no number."""

import numpy as np
import pandas as pd
import pytest

from diffmem.report.audits import audits


@pytest.fixture
def table():
    rows = [
        ("a", 1.0, False, 0.5, 0.2, 0.3, 0.1, 0.5, "copies"),
        ("a", 1.5, True, 0.42, 0.2, 0.4, 0.35, 0.45, "copies"),
        ("b", 1.5, True, 0.01, 0.01, 0.0, -0.01, 0.02, "no copies found"),
        ("c", np.nan, True, np.nan, np.nan, np.nan, np.nan, np.nan, "not possible"),
    ]
    columns = ["cell", "ratio", "read", "raw", "chance", "net", "net_low", "net_high", "copying"]
    return pd.DataFrame(rows, columns=columns)


def test_every_audit_is_a_row_with_its_interval_at_the_ratio_to_read(table):
    panel = audits(table, words={"a": "epoch 1", "b": "epoch 2", "c": "epoch 3"}).axes[0]
    bars = [segment for lines in panel.collections for segment in lines.get_segments() if len(segment)]
    ends = [segment[:, 0] for segment in bars if np.isfinite(segment).all()]
    np.testing.assert_allclose(ends, [[0.35, 0.45], [-0.01, 0.02]])
    assert [label.get_text() for label in panel.get_yticklabels()] == ["epoch 1", "epoch 2", "epoch 3"]
    assert [(text.get_text().strip(), text.get_position()[1]) for text in panel.texts] == [("not possible", 2)]


def test_the_legend_names_the_verdicts(table):
    figure = audits(table, words={"a": "epoch 1", "b": "epoch 2"})
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"net: copies", "net: no copies found", "raw fraction"} <= set(names)
