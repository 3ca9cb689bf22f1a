"""Which device arrays are worked on."""


def chosen(name: str):
    """The ``torch.device`` called ``name``: "auto" is a GPU where there is one, and else the CPU."""
    import torch  # costs seconds, which stages that need no network should not pay

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
