"""An encoder of ``.wandb`` files that shares nothing with the reader: LevelDB fragments and protobuf fields."""

import json
import math
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

BLOCK = 32768
HEADER = b":W&B\xe1\xbe\x00"


def framed(records: Iterable[bytes], *, shift: int = 0, header: bytes = HEADER) -> bytes:
    """Return a file; with ``shift`` 7 the blocks begin behind the header, as one version of the client wrote them."""
    out = bytearray(header)
    for record in records:
        rest, is_first = record, True
        while True:
            room = BLOCK - (len(out) - shift) % BLOCK
            if room < 7:
                out += bytes(room)
                room = BLOCK
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[is_first, not rest]
            out += fragment(kind, piece)
            is_first = False
            if not rest:
                break
    return bytes(out)


def fragment(kind: int, piece: bytes) -> bytes:
    checksum = zlib.crc32(bytes([kind]) + piece)
    return checksum.to_bytes(4, "little") + len(piece).to_bytes(2, "little") + bytes([kind]) + piece


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value) if value else b""


def block(field: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def value_json(value: object) -> str:
    if isinstance(value, Raw):
        return value.text
    return json.dumps(value)


class Raw:
    """A value that is written as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


def item(key: str | Sequence[str], value: object) -> bytes:
    keys = block(1, key) if isinstance(key, str) else b"".join(block(2, one) for one in key)
    return keys + block(16, value_json(value))


def record(field: int, content: bytes, num: int = 1) -> bytes:
    return number(1, num) + block(field, content) + block(200, block(1, "stream"))


def history(step: int | None, values: dict[str | tuple[str, ...], object]) -> bytes:
    body = b"".join(block(1, item(key, value)) for key, value in values.items())
    return record(2, body + (block(2, number(1, step)) if step is not None else b""))


def row(step: int, time: float | None = None, **values: object) -> bytes:
    """Return a history record as the client writes one, with its own keys among the values."""
    own: dict[str, object] = {"_step": step}
    if time is not None:
        own |= {"_timestamp": time, "_runtime": max(time - 1_700_000_000, 0)}
    return history(step, {(key,): value for key, value in {**values, **own}.items()})


def items(
    field: int, update: dict[str | tuple[str, ...], object], remove: Sequence[str | tuple[str, ...]] = ()
) -> bytes:
    body = b"".join(block(1, item(key, value)) for key, value in update.items())
    return record(field, body + b"".join(block(2, item(key, None)) for key in remove))


def summary(update: dict[str | tuple[str, ...], object], remove: Sequence[str | tuple[str, ...]] = ()) -> bytes:
    return items(3, update, remove)


def config(update: dict[str | tuple[str, ...], object], remove: Sequence[str | tuple[str, ...]] = ()) -> bytes:
    return items(5, update, remove)


def timestamp(seconds: float) -> bytes:
    fraction, whole = math.modf(seconds)
    return number(1, int(whole)) + number(2, round(fraction * 1e9))


def stats(seconds: float, values: dict[str, object]) -> bytes:
    return record(
        7, block(2, timestamp(seconds)) + b"".join(block(3, item(key, value)) for key, value in values.items())
    )


def run(run_id: str = "abc12345", **given: object) -> bytes:
    """Return a run record; ``given`` are its texts by name, ``tags``, ``config``, ``start`` and ``git``."""
    numbers = {"entity": 2, "project": 3, "run_group": 6, "job_type": 7, "display_name": 8, "notes": 9, "sweep_id": 12}
    numbers |= {"host": 13}
    body = block(1, run_id)
    for name, field in numbers.items():
        body += block(field, str(given[name])) if name in given else b""
    for tag in given.get("tags", ()):  # type: ignore[attr-defined]
        body += block(10, tag)
    if "config" in given:
        body += block(4, b"".join(block(1, item(key, value)) for key, value in given["config"].items()))  # type: ignore[attr-defined]
    if "start" in given:
        body += block(17, timestamp(float(str(given["start"]))))
    if "git" in given:
        remote, commit = given["git"]  # type: ignore[misc]
        body += block(21, block(1, remote) + block(2, commit))
    if "branch" in given:
        body += block(23, block(1, str(given["branch"])))
    return record(17, body)


def exit_record(code: int = 0, runtime: int = 0, *, not_complete: bool = False) -> bytes:
    return record(18, number(1, code) + number(2, runtime) + number(3, int(not_complete)))


def metric(name: str = "", *, glob: str = "", step_metric: str = "", goal: int = 0) -> bytes:
    body = (block(1, name) if name else b"") + (block(2, glob) if glob else b"")
    return record(12, body + (block(4, step_metric) if step_metric else b"") + number(8, goal))


def output_line(text: str) -> bytes:
    return record(13, number(1, 1) + block(3, text))


def write(path: Path, *records: bytes, shift: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(framed(records, shift=shift))
    return path
