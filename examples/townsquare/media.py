"""Files on disk under their SHA-256, and small previews made when first asked for."""

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .store import Upload

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_BYTES = 32 << 20
PREVIEW_PX = 480
LARGEST_PICTURE_PX = 60_000_000


class NotMedia(Exception):
    """The file is not a kind that the site shows."""


def type_of(data: bytes) -> str:
    """The media type, from the bytes and never from what the browser claims. Raises `NotMedia`."""
    starts = {
        b"\xff\xd8\xff": "image/jpeg",
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"GIF8": "image/gif",
        b"\x1aE\xdf\xa3": "video/webm",
    }
    for start, kind in starts.items():
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:11] not in (b"hei", b"mif", b"avi"):
        return "video/mp4"
    raise NotMedia


class Shelf:
    """The folder of files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._one_at_a_time = asyncio.Lock()

    def path(self, sha256: str) -> Path:
        """Where the bytes lie."""
        return self.folder / sha256

    def put(self, data: bytes) -> Upload:
        """Keep the bytes; the same bytes are kept once. Raises `NotMedia`."""
        upload = Upload(hashlib.sha256(data).hexdigest(), type_of(data))
        path = self.path(upload.sha256)
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_bytes(data)
            draft.rename(path)
        return upload

    def drop(self, sha256: str) -> None:
        """Forget the bytes and their preview."""
        self.path(sha256).unlink(missing_ok=True)
        self.path(sha256).with_suffix(".jpg").unlink(missing_ok=True)

    async def preview(self, sha256: str, kind: str) -> Path:
        """A small JPEG of a picture or of a video's first frame. Raises `NotMedia`."""
        small = self.path(sha256).with_suffix(".jpg")
        async with self._one_at_a_time:
            if not small.exists():
                draw = _draw_video if kind.startswith("video/") else _draw_picture
                await draw(self.path(sha256), small)
        return small


async def _draw_picture(source: Path, small: Path) -> None:
    await asyncio.to_thread(shrink, source, small)


async def _draw_video(source: Path, small: Path) -> None:
    """In a process of its own: the decoder is large, and the file is a stranger's."""
    command = (sys.executable, "-m", "examples.townsquare.media", str(source), str(small))
    child = await asyncio.create_subprocess_exec(*command)
    try:
        await asyncio.wait_for(child.wait(), 20)
    except TimeoutError:
        child.kill()
    if not small.exists():
        raise NotMedia


def shrink(source: "Path | Image", small: Path) -> None:
    """Write the small version. Raises `NotMedia`."""
    from PIL import Image, ImageOps  # here, so that the site is up sooner

    try:
        picture = Image.open(source) if isinstance(source, Path) else source
        if picture.width * picture.height > LARGEST_PICTURE_PX:
            raise NotMedia
        picture.draft("RGB", (PREVIEW_PX, PREVIEW_PX))
        picture = ImageOps.exif_transpose(picture).convert("RGB")
        picture.thumbnail((PREVIEW_PX, PREVIEW_PX))
        draft = small.with_suffix(".part")
        picture.save(draft, "JPEG", quality=80)
        draft.rename(small)
    except (OSError, ValueError, Image.DecompressionBombError, SyntaxError) as error:
        raise NotMedia from error


def first_frame(source: Path) -> "Image":
    """The first frame of a video."""
    import av  # large: only the child process pays for it

    with av.open(str(source)) as video:
        frame: Image = next(video.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
        return frame


if __name__ == "__main__":
    shrink(first_frame(Path(sys.argv[1])), Path(sys.argv[2]))
