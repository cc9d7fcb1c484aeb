"""Settings, data sets and environment of an evaluation by the language model evaluation harness."""

import re
from collections.abc import Mapping
from typing import Any

from runreport.model.entities import Dataset
from runreport.model.keys import flatten

_ARGUMENT = re.compile(r"(?:^|,)\s*([A-Za-z_][\w.]*)=")
_LONGEST_BYTES = 10_000
_LINE = re.compile(r"([A-Z][\w ()/-]{1,60}): +(.+)")
_PACKAGE = re.compile(r"\[(?:pip3|conda)\] ([\w.-]+)==([\w.+!-]+)")
_FACTS = {
    "OS": ("os", "platform"),
    "Python version": ("package", "python"),
    "PyTorch version": ("package", "torch"),
    "CUDA used to build PyTorch": ("driver", "cuda of torch"),
    "CUDA runtime version": ("driver", "cuda"),
    "Nvidia driver version": ("driver", "gpu driver"),
    "Model name": ("hardware", "cpu"),
    "CPU(s)": ("hardware", "cpu count"),
}
_GPU = re.compile(r"GPU \d+: .+")
_UNKNOWN = frozenset({"N/A", "Could not collect", "None"})
_VERSIONS = {"transformers_version": "transformers", "lm_eval_version": "lm-eval"}
_TEXTS = ("model_source", "model_name", "system_instruction", "fewshot_as_multiturn", "chat_template_sha")


def params(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of an evaluation: its configuration, the model's arguments, shots and versions of tasks."""
    config = content.get("config")
    settings = (
        {name: value for name, value in config.items() if name != "model_args"} if isinstance(config, dict) else {}
    )
    arguments = model_arguments(config.get("model_args")) if isinstance(config, dict) else {}
    found = {
        **flatten({name: value for name, value in settings.items() if value not in (None, [], {})}),
        **{f"model_args.{name}": text for name, text in arguments.items()},
        **flatten({name: content[name] for name in _TEXTS if content.get(name) not in (None, "")}),
    }
    shots = _of_tasks(content.get("n-shot"))
    if shots and len(set(shots.values())) == 1:
        found.setdefault("num_fewshot", next(iter(shots.values())))
    else:
        found |= {f"num_fewshot.{task}": text for task, text in shots.items()}
    return found | {f"version.{task}": text for task, text in _of_tasks(content.get("versions")).items()}


def model_arguments(text: object) -> dict[str, str]:
    """Return the arguments of a model, which are a text such as ``a=1,b=2``, or an object in new files.

    >>> model_arguments("pretrained=a/b,revision=step1000,use_accelerate=True")
    {'pretrained': 'a/b', 'revision': 'step1000', 'use_accelerate': 'True'}
    """
    if isinstance(text, dict):
        return flatten(text)
    if not isinstance(text, str) or len(text) > _LONGEST_BYTES:
        return {}
    marks = list(_ARGUMENT.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def environment(content: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what is said about the machine and the packages."""
    described = content.get("pretty_env_info")
    found: dict[tuple[str, str], str] = {}
    for line in described.splitlines() if isinstance(described, str) else ():
        text = line.strip()
        if (package := _PACKAGE.fullmatch(text)) is not None:
            found.setdefault(("package", package[1].lower().replace("_", "-")), package[2])
        elif _GPU.fullmatch(text):
            gpu, _, name = text.partition(": ")
            found["hardware", gpu.lower()] = name
        elif (pair := _LINE.fullmatch(text)) and pair[1] in _FACTS and pair[2] not in _UNKNOWN:
            kind = _FACTS[pair[1]]
            found.setdefault(kind, pair[2].partition(" ")[0] if kind == ("package", "python") else pair[2])
    for name, package_name in _VERSIONS.items():
        if isinstance(content.get(name), str):
            found["package", package_name] = content[name]
    return found


def datasets(run_id: str, content: Mapping[str, Any]) -> tuple[Dataset, ...]:
    """Return the data set of each task that names one, with the number of documents that were asked."""
    configs, counts, hashes = (content.get(name) for name in ("configs", "n-samples", "task_hashes"))
    found: dict[str, Dataset] = {}
    for task, config in configs.items() if isinstance(configs, dict) else ():
        path = config.get("dataset_path") if isinstance(config, dict) else None
        if not isinstance(path, str):
            continue
        subset = config.get("dataset_name")
        count = counts.get(task) if isinstance(counts, dict) else None
        rows = count.get("effective") if isinstance(count, dict) else None
        digest = hashes.get(task) if isinstance(hashes, dict) else None
        found[str(task)] = Dataset(
            run_id=run_id,
            dataset=str(task),
            role="test",
            digest=digest if isinstance(digest, str) else None,
            source=f"{path}/{subset}" if isinstance(subset, str) else path,
            rows=rows if isinstance(rows, int) and 0 <= rows < 2**53 else None,
        )
    return tuple(found.values())


def _of_tasks(value: object) -> dict[str, str]:
    return {name: text for name, text in flatten(value).items() if text != "None"} if isinstance(value, dict) else {}
