"""Damages the golden logs of a reader in every way that a disk, a crash or an attacker may, and watches what it does.

Run as a script it prints one line per reader::

    python tests/support/log_fuzzing.py --mutations 10000

A reader may raise ReadError and nothing else, must answer within two seconds of processor time, and must not need more
than 512 MB. Mutations are numbered by a seed, so that a failure can be repeated.
"""

import argparse
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from types import FrameType

from runreport.errors import ReadError
from runreport.readers import registry, walk
from runreport.readers.base import Reader

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
MAX_SECONDS = 2.0
MAX_MEGABYTES = 512
_FEWEST_BYTES = 256
_MAX_FILE_BYTES = 300_000
_HUGE = (
    b"\xff" * 8,
    b"\xff\xff\xff\x7f",
    b"\xff" * 9 + b"\x01",
    b"\x80" * 12,
    b"9" * 400,
    b"1e999",
    b"-1",
    b"\x00" * 64,
)
_TEXTS = (b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\x00", b"NaN", b"Infinity", b"null", b"[" * 2000, b'{"a":' * 500)
_SIGNS = (b"\n", b"\r\n", b",", b'"', b"'", b":", b"\\", b"&a", b"*a", b"!!python/object:os.system ", b"../../x", b"%s")


def golden_cases(name: str) -> list[Path]:
    """Return the golden logs of a reader; a longer name that begins like its own belongs to another reader."""
    names = [one.name for one in metadata.entry_points(group="runreport.readers")]
    others = tuple(other for other in names if other.startswith(name) and other != name)
    cases = [case for case in sorted(GOLDEN.glob(f"{name}*")) if case.is_dir() and not case.name.startswith(others)]
    return [case / "input" if (case / "input").is_dir() else case for case in cases]


@dataclass(kw_only=True)
class Figures:
    """What happened to one reader; ``failures`` tell how to repeat each."""

    reader: str
    cuts: int = 0
    mutations: int = 0
    slowest_s: float = 0.0
    peak_mb: float = 0.0
    failures: list[str] = field(default_factory=list)


class TooSlowError(BaseException):
    """A read took too long; not an Exception, so that nothing catches it on the way."""


def fuzz(name: str, mutations: int, cuts: int) -> Figures:
    """Cut a small file of each golden log at up to so many offsets, and change files of all of them at random."""
    reader = registry.readers(name).readers[0]
    figures = Figures(reader=name)
    cases = golden_cases(name)
    signal.signal(signal.SIGPROF, _too_slow)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for number, case in enumerate(cases):
            copy = Path(folder) / str(number) / (case.parent.name if case.name == "input" else case.name)
            shutil.copytree(case, copy)
            files = _files(reader, copy)
            if not files:
                figures.failures.append(f"{case}: the reader finds no log here")
                continue
            _cut(reader, copy, _small_file(files), cuts, figures)
            _mutate(reader, copy, files, mutations // len(cases), figures)
    figures.peak_mb = _peak_mb()
    return figures


def _peak_mb() -> float:
    """Return the peak of this process; the one that getrusage tells is inherited from whoever started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlowError


def _files(reader: Reader, folder: Path) -> list[Path]:
    """Return the files of the logs that are not too large to be changed thousands of times."""
    claims = registry.find([folder], [reader]).claims
    sources = [source for claim in claims for source in reader.scan(claim.location, claim.match).sources]
    files = {folder / file for source in sources for file in source.files}
    return sorted(path for path in files if 0 < path.stat().st_size <= _MAX_FILE_BYTES)


def _small_file(files: Sequence[Path]) -> Path:
    """Return the smallest file with something in it that can be cut; files of single values are too small."""
    by_size = sorted(files, key=lambda path: (path.stat().st_size, path))
    return next((path for path in by_size if path.stat().st_size >= _FEWEST_BYTES), by_size[-1])


def _cut(reader: Reader, folder: Path, path: Path, cuts: int, figures: Figures) -> None:
    content = path.read_bytes()
    step = -(-len(content) // cuts)
    for length in range(0, len(content), step):
        path.write_bytes(content[:length])
        _try(reader, folder, figures, f"{folder.name}: {path.relative_to(folder)} cut at {length}")
        figures.cuts += 1
    path.write_bytes(content)


def _mutate(reader: Reader, folder: Path, files: Sequence[Path], count: int, figures: Figures) -> None:
    contents = {path: path.read_bytes() for path in files}
    for seed in range(count):
        rng = random.Random(seed)  # noqa: S311 - it must be repeatable, not secret
        path = rng.choice(files)
        changed = contents[path]
        for _ in range(rng.choice((1, 1, 1, 2, 8))):
            changed = rng.choice(_MUTATIONS)(rng, changed, contents[rng.choice(files)])
        path.write_bytes(changed)
        _try(reader, folder, figures, f"{folder.name}: {path.relative_to(folder)} with seed {seed}")
        figures.mutations += 1
        path.write_bytes(contents[path])


def _flip(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    if not content:
        return content
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def _splice(rng: random.Random, content: bytes, other: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(other) + 1) for _ in range(2))
    place = rng.randrange(len(content) + 1)
    return content[:place] + other[start:end] + content[place + rng.choice((0, end - start)) :]


def _remove(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


def _insert(pieces: Sequence[bytes]) -> Callable[[random.Random, bytes, bytes], bytes]:
    def inserted(rng: random.Random, content: bytes, _other: bytes) -> bytes:
        place = rng.randrange(len(content) + 1)
        piece = rng.choice(pieces)
        return content[:place] + piece + content[place + rng.choice((0, len(piece))) :]

    return inserted


_MUTATIONS = (_flip, _splice, _remove, _insert(_HUGE), _insert(_TEXTS), _insert(_SIGNS))


def _try(reader: Reader, folder: Path, figures: Figures, what: str) -> None:
    """Read a damaged folder to its end, without the net that an ingest has below each reader."""
    begin = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    try:
        for _ in _read(reader, folder):
            pass
    except ReadError:
        pass
    except TooSlowError:
        figures.failures.append(f"{what}: more than {MAX_SECONDS} s")
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        figures.failures.append(f"{what}: {type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    figures.slowest_s = max(figures.slowest_s, time.process_time() - begin)


def _read(reader: Reader, folder: Path) -> Iterator[None]:
    starts, _ = walk.starts([folder], walk.KnownFolders(owners={}))
    for start in starts:
        steps = walk.walk(start)
        for visit in steps:
            match = reader.match(visit.location)
            if match is None:
                continue
            if match.takes is None:
                steps.stay_out()
            steps.stay_out(match.folders)
            if match.takes is None or match.takes:
                scan = reader.scan(visit.location, match)
                for batch in reader.read(visit.location, scan.sources):
                    batch.points.validate(full=True)
                    yield


def main() -> int:
    """Fuzz the readers that were named, or all, each in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--cuts", type=int, default=10_000, help="offsets of each small file; evenly spaced if fewer")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.json:
        print(json.dumps(asdict(fuzz(asked.readers[0], asked.mutations, asked.cuts))))  # noqa: T201 - the answer
        return 0
    installed = sorted(one.name for one in metadata.entry_points(group="runreport.readers"))
    names = asked.readers or [name for name in installed if golden_cases(name)]
    print(f"{'reader':18} {'cuts':>6} {'mutations':>9} {'slowest s':>9} {'peak MB':>8} failures")  # noqa: T201 - a table
    failed = False
    for name in names:
        found = in_own_process(name, asked.mutations, asked.cuts)
        row = f"{found.reader:18} {found.cuts:6} {found.mutations:9} {found.slowest_s:9.2f} {found.peak_mb:8.0f}"
        print(f"{row} {len(found.failures)}", *found.failures[:20], sep="\n  ", flush=True)  # noqa: T201 - a table
        failed |= bool(found.failures) or found.peak_mb > MAX_MEGABYTES
    return int(failed)


def in_own_process(name: str, mutations: int, cuts: int) -> Figures:
    """Fuzz one reader in a process of its own, so that its peak of memory is its own."""
    numbers = ["--mutations", str(mutations), "--cuts", str(cuts)]
    command = [sys.executable, "-W", "ignore", __file__, name, "--json", *numbers]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Figures(**json.loads(answer.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
