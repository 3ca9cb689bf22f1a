"""A change of the user's own data is seen: an image that comes in, one that is rewritten, labels in another file."""

import os

from diffmem.user_files import watched_paths


def test_the_newest_of_many_images_stands_for_them(tmp_path):
    for number in range(3):
        image = tmp_path / "own" / f"class-{number % 2}" / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_text("pixels")
        os.utime(image, (number, number))
    own = tmp_path / "own"
    named = watched_paths.__wrapped__(str(own))
    assert named == tuple(map(str, [own, own / "class-0", own / "class-1", own / "class-0" / "2.png"]))
    (own / "class-1" / "1.png").write_text("others")
    assert watched_paths.__wrapped__(str(own))[-1] == str(own / "class-1" / "1.png")


def test_labels_lie_beside_their_images(tmp_path):
    images, labels = tmp_path / "train-images-idx3-ubyte.gz", tmp_path / "train-labels-idx1-ubyte.gz"
    images.touch()
    assert watched_paths.__wrapped__(str(images)) == (str(images),)
    labels.touch()
    assert watched_paths.__wrapped__(str(images)) == (str(images), str(labels))


def test_what_is_not_there_is_named_all_the_same(tmp_path):
    assert watched_paths.__wrapped__(str(tmp_path / "absent.npy")) == (str(tmp_path / "absent.npy"),)
