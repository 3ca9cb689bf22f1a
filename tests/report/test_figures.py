"""The list of figures names functions that take what it says they are drawn from."""

import inspect

import matplotlib.pyplot as plt
import pytest

from diffmem import registry
from diffmem.report import style

OPTIONS = {"outliers": {"words"}, "onset": {"words"}, "audit": {"words"}}  # what figures are told besides their tables


@pytest.mark.parametrize("question", registry.FIGURES)
def test_every_figure_is_a_function_of_its_tables(question):
    for name, figure in registry.FIGURES[question].items():
        signature = inspect.signature(registry.load(figure.draw))
        signature.bind(**dict.fromkeys([*figure.tables, *(OPTIONS.get(question, ()) if figure.names_cells else ())]))
        assert len(set(figure.tables.values())) == len(figure.tables), name


def test_every_archive_says_which_arrays_are_taken_from_it():
    paths = [path for part in registry.FIGURES.values() for figure in part.values() for path in figure.tables.values()]
    archives = {path.rpartition("/")[2] for path in paths if isinstance(path, str) and path.endswith(".npz")}
    assert archives == set(registry.ARRAYS)


def test_all_texts_of_a_figure_name_what_its_snapshots_are_counted_in():
    figure, panel = plt.subplots()
    panel.plot([0, 500, 1000], [0, 1, 2], label="epochal")
    style.epoch_axis(panel)
    panel.set_title("epoch 7")
    legend = panel.legend()
    style.count_in(figure, "step")
    assert panel.get_xlabel().startswith("step (0: untrained)")
    assert panel.get_title() == "step 7"
    assert legend.get_texts()[0].get_text() == "epochal"
    plt.close(figure)
