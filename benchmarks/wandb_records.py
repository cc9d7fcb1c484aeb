"""Read a W&B record file with runreport and with the client's own protocol buffer classes, and print the ratio.

``python wandb_records.py --peer-python PYTHON`` where that Python has wandb; the client has no public reader of the
file, so its classes get the framing from here: LevelDB fragments, without checksums. Both sides end with steps and
values of every series and the last values of the summary in memory; runreport verifies checksums and builds an Arrow
table besides.
"""

import argparse
import json
import math
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

ROWS = 20_000
BLOCK_BYTES = 32_768
HEADER = b":W&B\xe1\xbe\x00"
FOLDER = "wandb/offline-run-20260101_120000-bench001"
METRICS = ("train/loss", "val/accuracy", "lr", "grad.norm")


def make(path: Path) -> None:
    """Write a history as the client does: a row, and before it two changes of the summary (needs wandb)."""
    from wandb.proto.wandb_internal_pb2 import Record  # noqa: PLC0415 - only in the environment of the peer

    noise = random.Random(0)  # noqa: S311 - no secret
    run = Record(num=1)
    run.run.run_id, run.run.project = "bench001", "benchmark"
    out = bytearray(HEADER)
    _append(out, run.SerializeToString())
    for step in range(ROWS):
        values = {name: math.exp(-step / ROWS) + noise.gauss(0, 0.01) for name in METRICS}
        values |= {"_step": step, "_runtime": step * 0.37, "_timestamp": 1.7e9 + step * 0.37}
        row, change, runtime = Record(num=3 * step), Record(num=3 * step + 1), Record(num=3 * step + 2)
        for name, value in values.items():
            for items in (row.history.item, change.summary.update):
                item = items.add()
                item.nested_key.append(name)
                item.value_json = json.dumps(value)
        row.history.step.num = step
        item = runtime.summary.update.add()
        item.nested_key.extend(("_wandb", "runtime"))
        item.value_json = str(step // 3)
        for record in (change, row, runtime):
            _append(out, record.SerializeToString())
    path.write_bytes(out)


def _append(out: bytearray, record: bytes) -> None:
    is_first = True
    while record or is_first:
        room = BLOCK_BYTES - len(out) % BLOCK_BYTES
        if room < struct.calcsize("<IHB"):
            out += bytes(room)
            continue
        piece, record = record[: room - 7], record[room - 7 :]
        kind = bytes([(1 if is_first else 4) if not record else (2 if is_first else 3)])
        out += struct.pack("<IH", zlib.crc32(kind + piece), len(piece)) + kind + piece
        is_first = False


def _records(data: bytes) -> Iterator[bytes]:
    at, parts = len(HEADER), []
    while True:
        room = BLOCK_BYTES - at % BLOCK_BYTES
        at += room if room < struct.calcsize("<IHB") else 0
        if at + 7 > len(data):
            return
        _, size, kind = struct.unpack_from("<IHB", data, at)
        parts.append(data[at + 7 : at + 7 + size])
        at += 7 + size
        if kind in (1, 4):
            yield b"".join(parts)
            parts = []


def peer(path: Path) -> dict[str, float]:
    """Return what the client's classes need (needs wandb)."""
    from wandb.proto.wandb_internal_pb2 import Record  # noqa: PLC0415 - only in the environment of the peer

    begin = time.process_time()
    series: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
    summary: dict[tuple[str, ...], str] = {}
    for data in _records(path.read_bytes()):
        record = Record.FromString(data)
        if record.WhichOneof("record_type") == "history":
            step = record.history.step.num
            for item in record.history.item:
                steps, values = series.setdefault(tuple(item.nested_key) or (item.key,), ([], []))
                steps.append(step)
                values.append(float(item.value_json))
        elif record.WhichOneof("record_type") == "summary":
            for item in record.summary.update:
                summary[tuple(item.nested_key) or (item.key,)] = item.value_json
    return {"seconds": time.process_time() - begin, "items": sum(len(values) for _, values in series.values())}


def ours(root: Path) -> dict[str, float]:
    """Return what runreport's reader needs, from the walk to the table of points."""
    from runreport.readers import registry  # noqa: PLC0415 - not in the environment of the peer
    from runreport.readers.wandb.reader import WandbReader  # noqa: PLC0415 - likewise

    reader = WandbReader()
    begin = time.process_time()
    (claim,) = registry.find([root], [reader]).claims
    (batch,) = reader.read(claim.location, reader.scan(claim.location, claim.match).sources)
    seconds = time.process_time() - begin
    if batch.points.num_rows != ROWS * len(METRICS):
        raise SystemExit(f"{batch.points.num_rows} points instead of {ROWS * len(METRICS)}")
    return {"seconds": seconds, "items": ROWS * (len(METRICS) + 3)}


def main() -> None:
    """Do one task, or all of them in processes of their own, each read three times for its best."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("all", "make", "peer", "ours"), nargs="?", default="all")
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--peer-python", default=sys.executable)
    arguments = parser.parse_args()
    if arguments.task == "make":
        make(arguments.path)
    elif arguments.task != "all":
        read = peer if arguments.task == "peer" else ours
        print(json.dumps(min((read(arguments.path) for _ in range(3)), key=lambda found: found["seconds"])))
    else:
        _compare(arguments.peer_python)


def _compare(peer_python: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / FOLDER / "run-bench001.wandb"
        path.parent.mkdir(parents=True)
        subprocess.run([peer_python, __file__, "make", str(path)], check=True)
        own, other = (
            json.loads(subprocess.run([python, __file__, task, str(place)], check=True, capture_output=True).stdout)
            for python, task, place in ((sys.executable, "ours", Path(scratch)), (peer_python, "peer", path))
        )
        size_mb = path.stat().st_size / 1e6
    for name, found in (("runreport", own), ("wandb's protocol buffers", other)):
        microseconds = found["seconds"] / found["items"] * 1e6
        print(
            f"{name}: {found['seconds']:.2f} s for {found['items']:,} items of {size_mb:.1f} MB, {microseconds:.2f} us each"
        )
    print(f"ratio: {other['seconds'] / own['seconds']:.2f}")


if __name__ == "__main__":
    main()
