"""What stands before the steps of a log: the source code that some scripts print, and what the machine was like.

Scripts in the style of modded-nanogpt write their own source code, a line of ``=``, versions and the table of
``nvidia-smi``. The code is left out of the search for metrics; its hash tells runs of different code apart.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runreport.formats.times import moment
from runreport.readers.text.lines import open_binary

_CODE_BYTES = 4 << 20
_FACT_BYTES = 1 << 16
_CODE = re.compile(rb"^(?:import [\w.]+|from [\w.]+ import |def \w+\(|class \w+|#!)", re.MULTILINE)
_RULE = re.compile(rb"^={20,}[ \t\r]*$", re.MULTILINE)
_VERSION = re.compile(r"^Running (Python|PyTorch|pytorch|Triton)(?: version)? v?(\d[\w.+\-]{0,60})", re.MULTILINE)
_COMPILED = re.compile(r"compiled for CUDA (\d[\d.]{0,20})")
_SMI = re.compile(
    r"NVIDIA-SMI \d[\d.]{0,20}\s{1,80}Driver Version: (\d[\d.]{0,20})\s{1,80}CUDA Version: (\d[\d.]{0,20})"
)
_GPU = re.compile(r"^\|\s{1,6}\d{1,3}\s{2}(\S[^|\n]{0,60}?)\s+(?:On|Off|N/A)\s{1,4}\|", re.MULTILINE)
_DATE = re.compile(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2})\s{1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})\s*$", re.MULTILINE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PACKAGES = {"Python": "python", "PyTorch": "torch", "pytorch": "torch", "Triton": "triton"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """What stands before the steps.

    Attributes:
        end: the byte where the code ends, 0 when there is none.
        lines: how many lines the code has.
        code_digest: the SHA-256 of the code, None when there is none.
        started: what the clock of the machine showed, taken as UTC.
        environment: (kind, item) to value.
    """

    end: int = 0
    lines: int = 0
    code_digest: str | None = None
    started: datetime | None = None
    environment: dict[tuple[str, str], str] = field(default_factory=dict)


def read_preamble(path: str) -> Preamble:
    """Return what stands before the steps of a log.

    Raises:
        OSError: it cannot be read.
    """
    with open_binary(path) as file:
        head = file.read(_CODE_BYTES)
    rule = _RULE.search(head)
    code = head[: rule.start()] if rule and _CODE.search(head, 0, rule.start()) else b""
    text = head[len(code) : len(code) + _FACT_BYTES].decode("utf-8", "replace")
    return Preamble(
        end=len(code),
        lines=code.count(b"\n"),
        code_digest=hashlib.sha256(code).hexdigest() if code else None,
        started=_started(text),
        environment=_environment(text),
    )


def _environment(text: str) -> dict[tuple[str, str], str]:
    found = {("package", _PACKAGES[match[1]]): match[2] for match in _VERSION.finditer(text)}
    if compiled := _COMPILED.search(text):
        found["package", "cuda"] = compiled[1]
    if smi := _SMI.search(text):
        found["driver", "nvidia"] = smi[1]
        found["driver", "cuda"] = smi[2]
    if gpus := Counter(match[1] for match in _GPU.finditer(text)):
        found["hardware", "gpu"] = ", ".join(f"{count} x {name}" for name, count in gpus.items())
    return found


def _started(text: str) -> datetime | None:
    date = _DATE.search(text)
    if date is None or date[1] not in _MONTHS:
        return None
    day, hour, minute, second, year = (int(date[place]) for place in range(2, 7))
    try:
        stamp = datetime(year, _MONTHS.index(date[1]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return moment(stamp.timestamp())
