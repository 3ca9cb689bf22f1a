"""``python -m diffmem``: the command line."""

from diffmem.auditing.command import app

if __name__ == "__main__":
    app(prog_name="diffmem")
