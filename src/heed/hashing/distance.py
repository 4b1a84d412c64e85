"""How far two hashes lie apart, and from when on that means something."""

CONFIDENT_MATCH = 31  # bits of 256; distance <= this is a match (threatexchange, pdq_utils)
GOOD_QUALITY = 50  # of 100; below it a PDQ value says little (PDQ paper, hashing.pdf)
HASH_BYTES = 32


def distance(a: bytes, b: bytes) -> int:
    """Bits in which two hashes of one length differ. Raises `ValueError` for unequal lengths."""
    if len(a) != len(b):
        raise ValueError(f"hashes of {len(a)} and {len(b)} bytes can't be compared")
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
