"""Reads a set of items from a file or a folder: arrays, tables, tensors, images. No pickle is read.

.npy            an array (items, ...), mapped into memory
.npz            the array ``points``, ``samples``, ``images``, ``data``, ``x`` or ``arr_0``, or the only array;
                optionally ``labels``, ``label`` or ``y``, or ``arr_1`` if it is a whole number per item
.parquet, .csv  a table: a row per item; a column ``label`` holds classes
.pt, .pth       a tensor (read without pickle); .safetensors: its only tensor
folder          images (``pictures``); sub-folders are classes
"""

import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from diffmem.data.image_set import DataError
from diffmem.data.in_memory import from_table
from diffmem.data.items import AuditError, Items, checked
from diffmem.data.named_arrays import items_of
from diffmem.data.pictures import SUFFIXES, deeper, folders_in, images_in, pixels_of, too_deep
from diffmem.files import sha256

SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


OTHER_MARKS = (";", "\t", "|")  # between values, instead of commas
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?(\.\d+)?")  # pandas adds .1, .2 to what is there twice


def read(path: str | Path, *, name: str) -> Items:
    """The set called ``name`` (train, test, generated) at ``path``.

    Raises:
        AuditError: if it cannot be read; names the file, and the row or image where there is one.
    """
    path = Path(path)
    if not path.exists():
        raise AuditError(f"{name} = {path}: no such file or folder")
    suffix = path.suffix.lower()
    if suffix not in READERS and not path.is_dir():
        raise AuditError(f"{name} = {path}: expected a folder of images or a file that ends in {', '.join(READERS)}")
    try:
        items = _folder(path, name) if path.is_dir() else READERS[suffix](path, name)
    except AuditError:
        raise
    except DataError as error:
        raise AuditError(f"{name} = {error}") from error
    except Exception as error:  # each library raises its own kinds
        reason = str(error).strip().split("\n")[0][:120] or type(error).__name__
        raise AuditError(f"{name} = {path}: cannot be read as {suffix} ({reason}); write it again") from error
    return items if items.frame is not None else checked(items)


NPY = b"\x93NUMPY"  # first bytes of a .npy file


def _npy(path: Path, name: str) -> Items:
    with path.open("rb") as file:
        if file.read(len(NPY)) != NPY:
            raise AuditError(f"{name} = {path}: is not a .npy file; save it with numpy.save")
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        _refuse_objects(error, path)
        raise
    return Items(name, str(path), values, sha256=sha256(path))


def _npz(path: Path, name: str) -> Items:
    with np.load(path, allow_pickle=False) as archive:
        try:
            values, labels = items_of(archive, where=str(path))
        except ValueError as error:
            _refuse_objects(error, path)
            raise
    return Items(name, str(path), values, labels=labels, sha256=sha256(path))


def _refuse_objects(error: ValueError, path: Path) -> None:
    """Say in one sentence what NumPy's ``error`` means where a file holds pickled objects."""
    if "pickle" in str(error).lower():
        raise DataError(f"{path}: holds Python objects, which are not read; save an array of numbers") from error


def _table(path: Path, name: str) -> Items:
    frame = pd.read_parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    if len(frame) < 2 or frame.shape[1] == 0:
        raise AuditError(
            f"{name} = {path}: has {len(frame)} rows and {frame.shape[1]} columns; at least two rows are needed"
        )
    return from_table(name, frame, source=str(path), sha256=sha256(path))


def _csv(path: Path) -> pd.DataFrame:
    """A table of values between commas under a header.

    Raises:
        DataError: if values are separated otherwise, or the first line holds an item; pandas would read on.
    """
    frame = pd.read_csv(path)
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # pandas takes what has no name for the rows' names
        raise DataError(
            f"{path}: its rows have more values than its header has names; separate values by commas, write decimals "
            "with a point, and end no row with a comma"
        )
    names = [str(name) for name in frame.columns if not str(name).startswith("Unnamed: ")]
    if frame.shape[1] == 1 and (other := next((mark for mark in OTHER_MARKS if mark in names[0]), None)):
        raise DataError(f"{path}: its values are separated by {other!r}; separate them by commas, with decimal points")
    if names and all(NUMBER.fullmatch(name) for name in names) and not _counts(names):
        raise DataError(f"{path}: its first line holds numbers ({', '.join(names[:3])}); write names of columns there")
    return _without_index(frame)


def _counts(names: list[str]) -> bool:
    """Whether numbers are names of columns, as 0, 1, 2: ascending whole ones."""
    return all(name.isdigit() for name in names) and bool(np.all(np.diff([int(name) for name in names]) > 0))


def _without_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The table without the row numbers that pandas writes as a first column without a name."""
    first = str(frame.columns[0]) if frame.shape[1] > 1 else ""
    numbers = first.startswith("Unnamed: 0") and frame[first].is_unique and pd.api.types.is_integer_dtype(frame[first])
    return frame.drop(columns=first) if numbers else frame


def _pt(path: Path, name: str) -> Items:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise AuditError(
            f"{name} = {path}: .pt files are read by torch, which is missing; pip install torch, or save .npy"
        ) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if type(error).__name__ != "UnpicklingError" or not zipfile.is_zipfile(path):  # torch.save writes archives
            raise
        raise DataError(f"{path}: holds Python objects, which are not read; save a tensor") from error
    content = content if isinstance(content, dict) else {"tensor": content}
    tensors = {key: value.detach() for key, value in content.items() if hasattr(value, "detach")}
    if not tensors:
        held = "a list" if "tensor" in content else ", ".join(map(str, content)) or "nothing"
        raise DataError(f"{path}: holds {held} and no tensor of items; save one")
    plain = {key: (value.float() if value.is_floating_point() else value).numpy() for key, value in tensors.items()}
    values, labels = items_of(plain, where=str(path))
    return Items(name, str(path), values, labels=labels, sha256=sha256(path))


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
    found, labels = items_of(tensors, where=str(path))
    return Items(name, str(path), found, labels=labels, sha256=sha256(path))


def _folder(path: Path, name: str) -> Items:
    own = images_in(path)
    classes = [part for part in folders_in(path) if images_in(part)]
    if own and classes:
        raise DataError(f"{path}: images lie both in it and in {classes[0].name}; move them into sub-folders")
    if not own and not classes:
        raise DataError(f"{path}: {deeper(path) or 'holds no image; expected ' + ', '.join(SUFFIXES)}")
    files = [(file, part.name) for part in classes for file in images_in(part)] or [(file, "") for file in own]
    notes: dict[str, int] = {}
    pixels = [_image(file, notes) for file, _ in files]
    coloured = any(image.shape[2] == 3 for image in pixels)
    pixels = [np.repeat(image, 3, axis=2) if coloured and image.shape[2] == 1 else image for image in pixels]
    for (file, _), image in zip(files, pixels, strict=True):
        if image.shape != pixels[0].shape:
            raise DataError(
                f"{file}: is {image.shape[0]} x {image.shape[1]} pixels, {files[0][0].name} is "
                f"{pixels[0].shape[0]} x {pixels[0].shape[1]}; bring all images to one size"
            )
    if below := too_deep(path):
        raise DataError(f"{below}: lies below the folder of a class; move it into one of {path}")
    digest = hashlib.sha256()
    for file, _ in files:
        digest.update(file.relative_to(path).as_posix().encode() + file.read_bytes())
    labels = np.array([label for _, label in files]) if classes else None
    said = tuple(f"{name}: {count} of {len(files)} images {what}" for what, count in notes.items())
    values = np.stack(pixels).transpose(0, 3, 1, 2)
    return Items(name, str(path), values, labels=labels, sha256=digest.hexdigest(), notes=said)


def _image(file: Path, notes: dict[str, int]) -> np.ndarray:
    """Bytes of shape (height, width, 1 or 3); ``notes`` counts what was changed."""
    pixels, changes = pixels_of(file)
    for change in changes:
        notes[change] = notes.get(change, 0) + 1
    return pixels


READERS: dict[str, Callable[[Path, str], Items]] = {
    ".npy": _npy, ".npz": _npz, ".parquet": _table, ".csv": _table, ".pt": _pt, ".pth": _pt,
    ".safetensors": _safetensors,
}  # fmt: skip
