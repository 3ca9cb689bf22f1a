"""Folders of image files: which files are images, and their pixels as they are seen.

Images are turned upright as their EXIF data say, put on white where they are transparent, and converted to gray or RGB.
What has more than 8 bits per channel, several frames, or cannot be read is refused.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffmem.data.image_set import DataError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
DEEP = ("I", "F")  # first letters of Pillow's modes with more than 8 bits: I, I;16, I;16B, F
BACKGROUND = 255  # under transparent pixels
ORIENTATION = 0x0112  # tag of EXIF
NAMED = 3  # folders that an error names


def images_in(folder: Path) -> list[Path]:
    """The images in a folder, in the order of their names; hidden files, as those of a Mac, are none."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not hidden(file))
    return sorted(file for file in files if not file.is_dir())


def folders_in(folder: Path) -> list[Path]:
    """The sub-folders of a folder, in the order of their names, without hidden ones and what a Mac adds to archives."""
    return sorted(part for part in folder.iterdir() if part.is_dir() and not hidden(part))


def hidden(path: Path) -> bool:
    """Whether a file or folder is hidden, or belongs to the archives of a Mac."""
    return path.name.startswith(".") or path.name == "__MACOSX"


def deeper(folder: Path) -> str | None:
    """What to do with a folder whose images lie two levels down, or None if there are none."""
    above = [part for part in folders_in(folder) if any(images_in(inner) for inner in folders_in(part))]
    if not above:
        return None
    more = ", ..." if len(above) > NAMED else ""
    named = ", ".join(str(part) for part in above[:NAMED]) + more
    which = f"give {named}" if len(above) == 1 else f"give one of {named}, or move their images one level up"
    return f"holds sub-folders with images: {which}"


def too_deep(folder: Path) -> Path | None:
    """An image below the sub-folders of a folder, which no reader of images would see; None if there is none."""
    for part in folders_in(folder):
        for file in sorted(part.rglob("*")):
            inner = [Path(name) for name in file.relative_to(part).parts]
            if len(inner) > 1 and file.suffix.lower() in SUFFIXES and not any(map(hidden, inner)):
                return file
    return None


def pixels_of(file: Path, *, mode: str | None = None) -> tuple[np.ndarray, list[str]]:
    """Bytes of an image, of shape (height, width, channels), and what was changed, in a few words each.

    Args:
        file: the image.
        mode: L (gray) or RGB; None keeps gray images gray and makes RGB of all others.

    Raises:
        DataError: if it cannot be read, or has several frames or more than 8 bits per channel.
    """
    from PIL import Image

    try:
        with Image.open(file) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                raise DataError(f"{file}: has {frames} frames; save the one that is meant")
            modes = (tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in image.tile if tile[3])
            raw = next((str(mode) for mode in modes if ";16" in str(mode)), image.mode)
            if raw.startswith(DEEP) or ";16" in raw:  # Pillow would clip these at 255, or drop the lower bits
                raise DataError(
                    f"{file}: has more than 256 shades (Pillow's mode {raw}); save it with 8 bits per channel, "
                    "or give the values as an array (.npy)"
                )
            upright, changes = _upright(image)
            pixels = np.asarray(upright.convert(mode) if mode else upright)
    except DataError:
        raise
    except Exception as error:  # each of Pillow's formats raises errors of its own
        raise DataError(f"{file}: truncated, or not an image ({error!r}); remove or replace it") from error
    return pixels.reshape(*pixels.shape[:2], -1), changes


def _upright(image: "Image.Image") -> tuple["Image.Image", list[str]]:
    """The image upright, in gray or RGB, on a white background; and what was changed."""
    from PIL import Image, ImageOps

    changes = []
    if image.getexif().get(ORIENTATION, 1) != 1:
        changes.append("were turned as their EXIF data say")
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        changes.append("were put on a white background, as they have transparent pixels")
        ground = Image.new("RGBA", upright.size, (BACKGROUND,) * 4)
        return Image.alpha_composite(ground, upright.convert("RGBA")).convert("RGB"), changes
    if upright.mode in ("CMYK", "YCbCr", "HSV", "LAB"):
        changes.append(f"were converted from {upright.mode} to RGB")
    return upright.convert("L" if upright.mode in ("1", "L") else "RGB"), changes
