"""Where the arithmetic is done, as a config names it. Torch is imported only when asked."""


class DeviceError(RuntimeError):
    """What the config asks of this machine it does not have; the message is one sentence with key, value and remedy."""


def chosen(name: str):
    """The torch device ``name``: ``cpu``, ``cuda``, or ``auto``, a GPU where there is one and else the CPU.

    Raises:
        DeviceError: if a GPU is asked for and there is none that torch can use.
    """
    import torch

    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise DeviceError(
            "compute.device = cuda: torch finds no GPU on this machine; write auto or cpu, or install a build of torch "
            "for its driver"
        )
    return torch.device("cuda" if found and name != "cpu" else "cpu")
