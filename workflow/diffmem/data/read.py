"""Reads a set of items from a file or a folder: arrays, tables, tensors, images. No pickle is read.

.npy            an array (items, ...), mapped into memory
.npz            the array ``points``, ``samples``, ``images``, ``data``, ``x`` or ``arr_0``, or the only array;
                optionally ``labels``, ``label`` or ``y``
.parquet, .csv  a table: a row per item; a column ``label`` holds classes
.pt             a tensor (read without pickle); .safetensors: its only tensor
folder          images (png, jpg, webp, bmp, tif, gif with one frame); sub-folders are classes
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from diffmem.data.items import AuditError, Items, checked
from diffmem.files import sha256

if TYPE_CHECKING:
    from PIL import Image

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
POINTS = ("points", "samples", "images", "data", "x", "arr_0")
LABELS = ("labels", "label", "y")
DEEP = ("I", "F")  # first letters of Pillow's modes of more than 8 bits
BACKGROUND = 255  # under transparent pixels
ORIENTATION = 0x0112  # tag of EXIF
SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def read(path: str | Path, *, name: str) -> Items:
    """The set called ``name`` (train, test, generated) at ``path``.

    Raises:
        AuditError: if it cannot be read; names the file, and the row or image where there is one.
    """
    path = Path(path)
    if path.is_dir():
        return checked(_folder(path, name))
    if not path.is_file():
        raise AuditError(f"{name} = {path}: no such file or folder")
    if path.suffix not in READERS:
        raise AuditError(f"{name} = {path}: expected a folder of images or a file that ends in {', '.join(READERS)}")
    try:
        items = READERS[path.suffix](path, name)
    except AuditError:
        raise
    except Exception as error:  # each library raises its own kinds
        reason = str(error).strip().split("\n")[0][:120] or type(error).__name__
        raise AuditError(f"{name} = {path}: cannot be read as {path.suffix} ({reason}); write it again") from error
    return items if items.frame is not None else checked(items)


NPY = b"\x93NUMPY"  # first bytes of a .npy file


def _npy(path: Path, name: str) -> Items:
    with path.open("rb") as file:
        if file.read(len(NPY)) != NPY:
            raise AuditError(f"{name} = {path}: is not a .npy file; save it with numpy.save")
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise AuditError(
                f"{name} = {path}: holds Python objects, which are not read; save an array of numbers"
            ) from error
        raise
    return Items(name, str(path), values, sha256=sha256(path))


def _npz(path: Path, name: str) -> Items:
    with np.load(path, allow_pickle=False) as archive:
        labels = next((archive[key] for key in LABELS if key in archive), None)
        keys = [key for key in archive.files if key not in LABELS]
        chosen = next((key for key in POINTS if key in keys), keys[0] if len(keys) == 1 else None)
        if chosen is None:
            held = ", ".join(archive.files) or "nothing"
            raise AuditError(f"{name} = {path}: holds {held}; name the array of items {POINTS[0]}")
        return Items(name, str(path), archive[chosen], labels=labels, sha256=sha256(path))


def _table(path: Path, name: str) -> Items:
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    if len(frame) < 2 or frame.shape[1] == 0:
        raise AuditError(
            f"{name} = {path}: has {len(frame)} rows and {frame.shape[1]} columns; at least two rows are needed"
        )
    labels = frame.pop("label").to_numpy() if "label" in frame and frame.shape[1] > 1 else None
    return Items(name, str(path), np.empty((0, 0)), frame=frame, labels=labels, sha256=sha256(path))


def _pt(path: Path, name: str) -> Items:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise AuditError(
            f"{name} = {path}: .pt files are read by torch, which is missing; pip install torch, or save .npy"
        ) from error
    content = torch.load(path, map_location="cpu", weights_only=True)
    content = content if isinstance(content, dict) else {"tensor": content}
    tensors = {key: value.detach() for key, value in content.items() if hasattr(value, "detach")}
    plain = {key: (value.float() if value.is_floating_point() else value).numpy() for key, value in tensors.items()}
    return _chosen(plain, list(content), path, name)


def _safetensors(path: Path, name: str) -> Items:
    """Without torch, which the light installation lacks; NumPy has no bfloat16, the upper half of a float32."""
    from safetensors import deserialize

    tensors = {}
    for key, held in deserialize(path.read_bytes()):
        if held["dtype"] == "BF16":
            values = (np.frombuffer(held["data"], dtype="<u2").astype("<u4") << 16).view("<f4")
        elif held["dtype"] in SAFETENSORS:
            values = np.frombuffer(held["data"], dtype=SAFETENSORS[held["dtype"]])
        else:
            raise AuditError(f"{name} = {path}: holds values of the type {held['dtype']}; save float32")
        tensors[key] = (values.astype(np.float32) if values.dtype == np.float16 else values).reshape(held["shape"])
    return _chosen(tensors, list(tensors), path, name)


def _chosen(tensors: dict[str, np.ndarray], held: list[str], path: Path, name: str) -> Items:
    """The tensor of items and that of labels; ``held`` is all that the file holds."""
    labels = next((tensors.pop(key) for key in LABELS if key in tensors), None)
    chosen = next((key for key in POINTS if key in tensors), next(iter(tensors), None) if len(tensors) == 1 else None)
    if chosen is None:
        raise AuditError(f"{name} = {path}: holds {', '.join(map(str, held)) or 'nothing'}; save one tensor of items")
    return Items(name, str(path), tensors[chosen], labels=labels, sha256=sha256(path))


def _folder(path: Path, name: str) -> Items:
    own = _images(path)
    parts = [part for part in sorted(path.iterdir()) if part.is_dir() and not _hidden(part)]
    classes = [part for part in parts if _images(part)]
    if own and classes:
        raise AuditError(f"{name} = {path}: images lie both in it and in {classes[0].name}; move them into sub-folders")
    if not own and not classes:
        deeper = next((p for part in parts for p in sorted(part.rglob("*")) if p.is_dir() and _images(p)), None)
        remedy = f"images lie in {deeper}: give the folder above it" if deeper else f"expected {', '.join(IMAGES)}"
        raise AuditError(f"{name} = {path}: holds no image; {remedy}")
    files = [(file, part.name) for part in classes for file in _images(part)] or [(file, "") for file in own]
    notes: dict[str, int] = {}
    pixels = [_image(file, name, notes) for file, _ in files]
    coloured = any(image.shape[2] == 3 for image in pixels)
    pixels = [np.repeat(image, 3, axis=2) if coloured and image.shape[2] == 1 else image for image in pixels]
    for (file, _), image in zip(files, pixels, strict=True):
        if image.shape != pixels[0].shape:
            raise AuditError(
                f"{name} = {file}: is {image.shape[0]} x {image.shape[1]} pixels, {files[0][0].name} is "
                f"{pixels[0].shape[0]} x {pixels[0].shape[1]}; bring all images to one size"
            )
    digest = hashlib.sha256()
    for file, _ in files:
        digest.update(file.relative_to(path).as_posix().encode() + file.read_bytes())
    labels = np.array([label for _, label in files]) if classes else None
    said = tuple(f"{name}: {count} of {len(files)} images {what}" for what, count in notes.items())
    values = np.stack(pixels).transpose(0, 3, 1, 2)
    return Items(name, str(path), values, labels=labels, sha256=digest.hexdigest(), notes=said)


def _image(file: Path, name: str, notes: dict[str, int]) -> np.ndarray:
    """Bytes of shape (height, width, 1 or 3); ``notes`` counts what was changed."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                raise AuditError(f"{name} = {file}: has {frames} frames; save the one that is meant")
            if image.mode.startswith(DEEP):
                raise AuditError(
                    f"{name} = {file}: has more than 8 bits per channel; give the values as an array (.npy)"
                )
            converted, changes = _converted(image)
            pixels = np.asarray(converted)
    except AuditError:
        raise
    except Exception as error:  # each of Pillow's formats raises its own kinds
        raise AuditError(f"{name} = {file}: truncated or not an image; remove or replace it") from error
    for change in changes:
        notes[change] = notes.get(change, 0) + 1
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _converted(image: "Image.Image") -> tuple["Image.Image", list[str]]:
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


def _images(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_file() and f.suffix.lower() in IMAGES and not _hidden(f))


def _hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name == "__MACOSX"


READERS: dict[str, Callable[[Path, str], Items]] = {
    ".npy": _npy, ".npz": _npz, ".parquet": _table, ".csv": _table, ".pt": _pt, ".safetensors": _safetensors,
}  # fmt: skip
