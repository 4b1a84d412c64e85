"""What a file is, by its first bytes. Names and declared types are not believed."""

PICTURE, VIDEO, OTHER = "picture", "video", "other"

_PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"qoif", "image/qoi"),
)
# Pictures that browsers or viewers show, and that nothing here opens: never "no picture".
_UNOPENED = (
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL ", "image/jxl"),
    (b"II\xbc", "image/jxr"),
    (b"FUJIFILMCCD-RAW", "image/x-fuji-raf"),
    (b"IIRO", "image/x-olympus-orf"),
    (b"IIRS", "image/x-olympus-orf"),
    (b"IIU\x00", "image/x-panasonic-rw2"),
    (b"FLIF", "image/flif"),
    (b"BPG\xfb", "image/bpg"),
)
UNOPENED = frozenset(mime for _, mime in _UNOPENED)
_VIDEOS = (
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"OggS", "video/ogg"),
    (b".RMF", "video/vnd.rn-realvideo"),
    (b"\x06\x0e\x2b\x34", "application/mxf"),
    (b"DKIF", "video/x-ivf"),
)
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_FILMS_TOO = (b"hevc", b"hevx", b"msf1")
_ANY_CODEC = (b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_MOST_BRANDS_BYTES = 256
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # QuickTime without ftyp


def picture_brand(data: bytes) -> bytes:
    """As which kind of picture viewers take ISO media, by any of its brands; empty for none.

    They don't ask which brand comes first, and libraries do. "mif1" leaves the codec open.
    """
    ends = min(int.from_bytes(data[:4], "big"), _MOST_BRANDS_BYTES)
    also = (data[at : at + 4] for at in range(16, ends - 3, 4))
    brands = [data[8:12], *(one for one in also if one not in _FILMS_TOO)]
    telling = [one for one in brands if one in (*_AVIF, *_HEIF)]
    return min(telling, key=lambda one: one in _ANY_CODEC, default=b"")


def _of_container(data: bytes) -> tuple[str, str] | None:
    """ISO media and RIFF say further in what they hold."""
    if data[4:8] == b"ftyp":
        if as_picture := picture_brand(data):
            return PICTURE, "image/avif" if as_picture in _AVIF else "image/heic"
        return VIDEO, "video/quicktime" if data[8:12] == b"qt  " else "video/mp4"
    if data[4:8] in _ATOMS:
        return VIDEO, "video/quicktime"
    if data[:4] == b"RIFF":
        return {b"WEBP": (PICTURE, "image/webp"), b"AVI ": (VIDEO, "video/x-msvideo")}.get(
            data[8:12]
        )
    return None


def kind_of(data: bytes) -> tuple[str, str]:
    """Kind ("picture", "video" or "other") and MIME type.

    "other" may still be a rare picture format: the decoder has the last word.
    """
    if found := _of_container(data):
        return found
    for kind, table in ((PICTURE, _PICTURES), (PICTURE, _UNOPENED), (VIDEO, _VIDEOS)):
        for magic, mime in table:
            if data.startswith(magic):
                return kind, mime
    if _is_stream(data, 0, 188) or _is_stream(data, 4, 192):
        return VIDEO, "video/mp2t"
    return OTHER, "application/octet-stream"


def _is_stream(data: bytes, first: int, every: int) -> bool:
    """Whether an MPEG stream's packets begin there; camcorders put a time before each."""
    return all(data[at : at + 1] == b"G" for at in range(first, first + 3 * every, every))
