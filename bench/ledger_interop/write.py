"""Writes a log of made-up leaves as Heed would export it, with proofs for Go to check."""

import base64
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heed.ledger import leaves, merkle, notes, tiles

ORIGIN = "heed.example/log"


def main(out: Path, size: int) -> None:
    key = Ed25519PrivateKey.generate()
    records = [leaves.encode_leaf(1 + n % 38, os.urandom(32)) for n in range(size)]
    levels = merkle.Levels(map(merkle.leaf_hash, records))
    write_tiles(out, levels, size)
    root = merkle.root_at(levels.node, size)
    sealed = notes.Checkpoint(ORIGIN, size, root)
    (out / "checkpoint").write_text(notes.sign_checkpoint(sealed, key, at=datetime.now(UTC)))
    (out / "key").write_text(notes.verifier_of(key, ORIGIN).vkey)
    picked = sorted({0, 1, 255, 256, size // 3, size - 2, size - 1})
    proofs = {
        "records": [
            {"index": n, "leaf": text(records[n]), "proof": texts(levels, n, size)} for n in picked
        ],
        "olds": [
            {
                "size": old,
                "root": text(merkle.root_at(levels.node, old)),
                "proof": [text(step) for step in merkle.consistency(levels.node, old, size)],
            }
            for old in (n for n in (1, 2, 255, 256, 257, size // 3, size - 1) if n < size)
        ],
    }
    (out / "proofs.json").write_text(json.dumps(proofs))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def texts(levels: merkle.Levels, index: int, size: int) -> list[str]:
    return [text(step) for step in merkle.inclusion(levels.node, index, size)]


def write_tiles(out: Path, levels: merkle.Levels, size: int) -> None:
    for tile in tiles.tiles_of(size):
        first = tile.index * tiles.TILE_WIDTH
        row = [levels.node(8 * tile.level, first + n) for n in range(tile.width)]
        path = out / "tile" / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tiles.join(row))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
