"""Where a run ran: the environment record of the log, and ``wandb-metadata.json`` beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runreport.formats.documents import as_list, as_map
from runreport.formats.times import moment, parse_time
from runreport.readers.wandb.wire import Message

_RECORD_VARIABLES = {"docker": 4, "executable": 14, "colab": 15, "root": 11}
_RECORD_COUNTS = {"cpu count": 16, "cpu count, logical": 17, "gpu count": 19}
_FILE_VARIABLES = ("docker", "executable", "colab", "root")
_FILE_COUNTS = {"cpu count": "cpu_count", "cpu count, logical": "cpu_count_logical", "gpu count": "gpu_count"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Machine, system and program; ``items`` maps (kind, item) to a value. What is not said is empty."""

    items: Mapping[tuple[str, str], str] = field(default_factory=dict)
    host: str = ""
    user: str = ""
    program: str = ""
    remote: str = ""
    commit: str = ""
    state: str = ""
    started: datetime | None = None

    def filled_from(self, other: "Surroundings") -> "Surroundings":
        """Return this with what only the other says."""
        return Surroundings(
            items={**other.items, **self.items},
            host=self.host or other.host,
            user=self.user or other.user,
            program=self.program or other.program,
            remote=self.remote or other.remote,
            commit=self.commit or other.commit,
            state=self.state or other.state,
            started=self.started or other.started,
        )

    def conflicts(self, other: "Surroundings") -> list[str]:
        """Return the names of what the two say differently."""
        names = [item for (kind, item), text in self.items.items() if other.items.get((kind, item), text) != text]
        own = {"host": self.host, "user": self.user, "git commit": self.commit, "git remote": self.remote}
        others = {"host": other.host, "user": other.user, "git commit": other.commit, "git remote": other.remote}
        return sorted(names) + [name for name, text in own.items() if text and others[name] and others[name] != text]


def from_record(said: Message) -> Surroundings:
    """Return what an environment record says."""
    items: dict[tuple[str, str], str] = {}
    items |= {("variable", name): said.text(number) for name, number in _RECORD_VARIABLES.items()}
    items |= {("hardware", name): str(said.integer(number) or "") for name, number in _RECORD_COUNTS.items()}
    items["os", "os"] = said.text(1)
    items["package", "python"] = _plain_version(said.text(2))
    items["hardware", "gpu"] = said.text(18)
    items["hardware", "memory"] = _bytes(said.message(21).integer(1))
    items["hardware", "cpu"] = said.message(22).text(3)
    items["driver", "cuda"] = said.text(25)
    items |= {("hardware", f"disk {disk.text(1)}"): _bytes(disk.message(2).integer(1)) for disk in said.messages(20)}
    items |= {("hardware", f"gpu {place}"): text for place, text in enumerate(_gpus(said))}
    items |= {("hardware", name): said.message(number).text(1) for name, number in _ACCELERATORS.items()}
    items |= {("variable", entry.text(1)): entry.text(2) for entry in said.messages(27)}
    items["variable", "args"] = " ".join(said.texts(5))
    items["variable", "coreweave cluster"] = said.message(30).text(1)
    git = said.message(9)
    return Surroundings(
        items={key: text for key, text in items.items() if text},
        host=said.text(12),
        user=said.text(13) or said.text(10),
        program=said.text(7) or said.text(8) or said.text(6),
        remote=git.text(1),
        commit=git.text(2),
        started=moment(said.seconds(3)),
    )


def from_metadata(said: Mapping[str, Any]) -> Surroundings:
    """Return what a ``wandb-metadata.json`` says, of any version of the client."""
    items: dict[tuple[str, str], str] = {}
    items |= {("variable", name): _text(said.get(name)) for name in _FILE_VARIABLES}
    items |= {("hardware", name): _text(said.get(key)) for name, key in _FILE_COUNTS.items()}
    items["os", "os"] = _text(said.get("os"))
    items["package", "python"] = _plain_version(_text(said.get("python")))
    items["hardware", "gpu"] = _text(said.get("gpu"))
    items["hardware", "cpu"] = _text(as_map(said.get("cpu")).get("model"))
    items["hardware", "memory"] = _amount(as_map(said.get("memory")).get("total"))
    items["driver", "cuda"] = _text(said.get("cudaVersion") or said.get("cuda_version") or said.get("cuda"))
    for name, disk in as_map(said.get("disk")).items():
        items["hardware", f"disk {name}"] = _amount(as_map(disk).get("total"))
    for place, gpu in enumerate(as_list(said.get("gpu_nvidia") or said.get("gpuNvidia") or said.get("gpu_devices"))):
        items["hardware", f"gpu {place}"] = _gpu(as_map(gpu))
    items |= {("variable", str(name)): _text(value) for name, value in as_map(said.get("slurm")).items()}
    items["variable", "args"] = " ".join(_text(arg) for arg in as_list(said.get("args")))
    git = as_map(said.get("git"))
    return Surroundings(
        items={key: text for key, text in items.items() if text},
        host=_text(said.get("host")),
        user=_text(said.get("username") or said.get("email")),
        program=_text(said.get("codePath") or said.get("codePathLocal") or said.get("program")),
        remote=_text(git.get("remote") or git.get("remote_url")),
        commit=_text(git.get("commit")),
        state=_text(said.get("state")),
        started=parse_time(said.get("startedAt")),
    )


_ACCELERATORS = {"apple chip": 23, "trainium": 28, "tpu": 29}


def _gpus(said: Message) -> Iterator[str]:
    for gpu in said.messages(24):
        yield _joined(gpu.text(1), _bytes(gpu.integer(2)), gpu.text(4))
    for gpu in said.messages(26):
        yield _joined(gpu.text(8), gpu.text(9), gpu.text(10))


def _gpu(gpu: Mapping[str, Any]) -> str:
    memory = gpu.get("memory_total") or gpu.get("memoryTotal")
    return _joined(_text(gpu.get("name")), _amount(memory), _text(gpu.get("architecture")))


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _bytes(amount: int) -> str:
    return f"{amount} bytes" if amount else ""


def _amount(value: object) -> str:
    """Return an amount of memory: older clients wrote gigabytes with a fraction, newer ones bytes, some as text."""
    if isinstance(value, float):
        return f"{value:g} GB"
    return f"{_text(value)} bytes" if value else ""


def _plain_version(text: str) -> str:
    return text.removeprefix("CPython ")


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
