"""Write the golden logs of the smaller trackers with their real clients, then exit.

Each client is named on the command line and runs in an environment of its own, since they disagree on what they need::

    pip install sacred==0.8.7 dvclive==3.49.1 guildai==0.9.0 trackio==0.43.0 clearml==2.1.12 comet_ml==3.58.8
    python make_tracker_logs.py sacred dvclive guild trackio clearml comet
    pip install "neptune==1.14.0.post2"        # elsewhere: it does not go with the others
    python make_tracker_logs.py neptune

The values are fixed; ids and times are those of the day. Where a client notes the machine it ran on, its paths, name
and variables are replaced or taken out, and long lists of packages are cut.
"""

import json
import math
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = "/opt/env"
FOLDER = "/home/lab/digits"
KEPT_PACKAGES = ("sacred", "guildai", "comet_ml", "numpy", "psutil", "requests")
PYTHON = sys.executable


def loss(step: int, rate: float) -> float:
    """Return a curve that is the same every time."""
    return round(math.exp(-rate * step), 6)


def run_script(folder: Path, name: str, text: str, **variables: str) -> None:
    """Run a script of a user in its folder, as a process of its own; it may fail."""
    (folder / name).write_text(text, encoding="utf-8")
    environment = {"PATH": f"{Path(PYTHON).parent}:/usr/bin:/bin", "HOME": str(folder), "USER": "lab", **variables}
    subprocess.run([PYTHON, name], cwd=folder, env=environment, check=False)


def tidy(folder: Path, work: Path) -> None:
    """Replace what belongs to the machine in all text files, those in archives included."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        content = path.read_bytes()
        if path.suffix == ".zip":
            tidy_archive(path, work)
        elif b"\0" not in content:
            path.write_bytes(tidied(content, work))


def tidy_archive(path: Path, work: Path) -> None:
    """Write an archive anew with its text members tidied."""
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members:
            archive.writestr(info, tidied(content, work))


def tidied(content: bytes, work: Path) -> bytes:
    """Return a text without the paths and the name of the machine."""
    for mine, neutral in ((str(work), FOLDER), (sys.prefix, ENVIRONMENT), (sys.base_prefix, "/usr")):
        content = content.replace(mine.encode(), neutral.encode())
    host = socket.gethostname().encode()
    for before, after in ((b'"', b'"'), (b" ", b" "), (b"\n", b"\n"), (b"Linux ", b" ")):
        content = content.replace(before + host + after, before + b"lab" + after)
    return b"lab" if content == host else content


def finish(case: str, source: Path, work: Path, origin: str, about: str) -> None:
    """Put a log into its place, with what it is."""
    target = HERE / case
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target / "input", symlinks=True)
    tidy(target / "input", work)
    text = f"# {case}\n\nOrigin: real client ({origin})\n\n{about}\n"
    (target / "README.md").write_text(text, encoding="utf-8")


SACRED = """
import math
from sacred import Experiment
from sacred.observers import FileStorageObserver
from sacred import SETTINGS
SETTINGS.CAPTURE_MODE = "no"

def start(rate, seed, ends):
    ex = Experiment("digits", save_git_info=False)
    ex.observers.append(FileStorageObserver("runs"))
    ex.add_config({"rate": rate, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "seed": seed})

    @ex.main
    def main(_run):
        with ex.open_resource("train.csv") as file:
            file.read()
        for step in range(4):
            _run.log_scalar("train/loss", round(math.exp(-rate * step), 6), step)
        _run.log_scalar("odd", float("nan"), 0)
        _run.log_scalar("odd", float("inf"), 1)
        _run.info["test_acc"] = [0.5, 0.75]
        _run.info["test_acc_T"] = [10, 20]
        _run.info["phase"] = "done"
        ex.add_artifact("notes.txt")
        if ends == "fails":
            raise ValueError("loss is not finite")
        return {"accuracy": 0.75}

    try:
        ex.run(options={"--comment": "a small run"})
    except ValueError:
        pass

start(0.5, 1, "well")
start(0.25, 2, "fails")
"""


def make_sacred(work: Path) -> None:
    """Two runs of one experiment; the second fails."""
    (work / "train.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (work / "notes.txt").write_text("as usual\n", encoding="utf-8")
    run_script(work, "train.py", SACRED)
    about = "Two runs with metrics, info, a result, a resource, an artifact; the second one fails."
    finish("sacred_runs", work / "runs", work, "sacred 0.8.7", about)


DVCLIVE = """
import math
from dvclive import Live
with Live(save_dvc_exp=False, report=None) as live:
    live.log_params({"lr": 0.1, "opt": {"name": "adam"}, "seed": 3})
    for step in range(4):
        live.log_metric("train/loss", round(math.exp(-0.5 * step), 6), timestamp=True)
        live.log_metric("val/acc", step / 4)
        live.log_metric("odd", float("nan") if step else float("inf"))
        live.next_step()
    live.summary["best"] = 0.75
with open("scores.json", "w") as file:
    file.write('{"test": {"auc": 0.875}}')
with open("model.txt", "w") as file:
    file.write("weights")
"""
DVC_YAML = """stages:
  train:
    cmd: python train.py
    deps:
      - train.py
      - data/train.csv
    params:
      - lr
      - opt.name
    outs:
      - model.txt
    metrics:
      - scores.json:
          cache: false
"""


def make_dvclive(work: Path) -> None:
    """A DVC project with a dvclive folder, and a folder of DVCLive by itself."""
    project = work / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "train.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (project / "params.yaml").write_text("lr: 0.1\nopt:\n  name: adam\n", encoding="utf-8")
    (project / "dvc.yaml").write_text(DVC_YAML, encoding="utf-8")
    (project / "train.py").write_text(DVCLIVE, encoding="utf-8")
    dvc = str(Path(PYTHON).with_name("dvc"))
    environment = {"PATH": f"{Path(PYTHON).parent}:/usr/bin:/bin", "HOME": str(work), "DVC_NO_ANALYTICS": "1"}
    git = ["git", "-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    for command in (
        ["git", "init", "-q"],
        [dvc, "init", "-q"],
        ["git", "add", "-A"],
        [*git, "commit", "-qm", "start"],
        [dvc, "repro", "-q"],
    ):
        subprocess.run(command, cwd=project, env=environment, check=True)
    alone = work / "alone_s7"
    alone.mkdir()
    shutil.copytree(project / "dvclive", alone / "dvclive")
    for hidden in project.glob(".*"):
        shutil.rmtree(hidden) if hidden.is_dir() else hidden.unlink()
    logs = work / "logs"
    logs.mkdir()
    shutil.move(project, logs / "project")
    shutil.move(alone, logs / "alone_s7")
    about = "A DVC project with one stage and its dvclive folder, and a copy of that folder without DVC's files."
    finish("dvclive_project", logs, work, "dvclive 3.49.1", about)


GUILD_SCRIPT = """import math
lr = 0.1
epochs = 4
fail = False
for step in range(epochs):
    print("step: %d" % step)
    print("loss: %g" % math.exp(-lr * step))
with open("model.txt", "w") as file:
    file.write("weights")
if fail:
    raise SystemExit(3)
print("acc: 0.75")
"""
GUILD_FILE = """train:
  main: train
  flags-import: all
  requires:
    - file: train.csv
      name: data
"""


def make_guild(work: Path) -> None:
    """Two runs of an operation; the second fails."""
    project, home = work / "project", work / "guild"
    for folder in (project, home):
        folder.mkdir()
    (project / "train.py").write_text(GUILD_SCRIPT, encoding="utf-8")
    (project / "guild.yml").write_text(GUILD_FILE, encoding="utf-8")
    (project / "train.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    environment = {"PATH": f"{Path(PYTHON).parent}:/usr/bin:/bin", "HOME": str(work), "GUILD_HOME": str(home)}
    git = ["git", "-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    guild = str(Path(PYTHON).with_name("guild"))
    for command in (
        ["git", "init", "-q"],
        ["git", "add", "-A"],
        [*git, "commit", "-qm", "start"],
        [guild, "run", "train", "lr=0.5", "-y", "--tag", "base"],
        [guild, "run", "train", "lr=0.25", "fail=yes", "-y"],
        [guild, "comment", "1", "--add", "as expected", "-y"],
    ):
        subprocess.run(command, cwd=project, env=environment, check=False)
    for attributes in home.glob("runs/*/.guild/attrs"):
        (attributes / "env").unlink(missing_ok=True)
        packages = attributes / "pip_freeze"
        lines = packages.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.removeprefix("- ").startswith(KEPT_PACKAGES)]
        packages.write_text("\n".join(kept) + "\n", encoding="utf-8")
    logs = work / "logs"
    shutil.copytree(home / "runs", logs / "runs")
    about = "Two runs of one operation with scalars from its output, a dependency, tags, a comment; the second fails."
    finish("guild_runs", logs, work, "guildai 0.9.0", about)


TRACKIO = """
import math, os
import trackio
for seed, rate in ((1, 0.5), (2, 0.25)):
    trackio.init(project="digits", name=f"adam-s{seed}", group="adam", embed=False, auto_log_cpu=False,
                 config={"rate": rate, "seed": seed, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "big": 2**60 + 1})
    for step in range(4):
        trackio.log({"loss": round(math.exp(-rate * step), 6), "val": {"acc": step / 4}}, step=step)
    trackio.log({"odd": float("nan")}, step=4)
    trackio.log({"odd": float("-inf"), "stage": "last"}, step=4)
    trackio.log_system({"gpu": {"0": {"load": 50}}})
    if seed == 1:
        trackio.alert("Loss is odd", text="at the end", level=trackio.AlertLevel.WARN)
        with open("weights.txt", "w") as file:
            file.write("weights")
        trackio.log_artifact("weights.txt", name="weights", type="model")
    trackio.finish()
"""


def make_trackio(work: Path) -> None:
    """One project of two runs."""
    run_script(work, "train.py", TRACKIO, TRACKIO_DIR=str(work / "logs"), HF_HUB_OFFLINE="1")
    with sqlite3.connect(work / "logs" / "digits.db", isolation_level=None) as database:
        for statement in ("journal_mode = DELETE", "page_size = 512"):
            database.execute(f"PRAGMA {statement}").fetchall()
        database.execute("VACUUM")
        database.execute("PRAGMA journal_mode = WAL").fetchall()
    database.close()
    about = "One project of two runs with nested values, special values, an alert, system metrics and an artifact."
    finish("trackio_project", work / "logs", work, "trackio 0.43.0", about)


CLEARML = """
import math, os, sys
from clearml import Task
Task.set_offline(True)
task = Task.init("digits", sys.argv[1] if len(sys.argv) > 1 else NAME, tags=["base"], auto_connect_frameworks=False,
                 auto_resource_monitoring=False, auto_connect_arg_parser=False)
task.connect({"rate": 0.5, "hidden": [24, 12], "opt": {"name": "adam"}, "seed": 3})
task.connect({"rows": 100}, name="Data")
task.connect_configuration({"net": {"depth": 2}}, name="net")
log = task.get_logger()
for step in range(4):
    log.report_scalar("loss", "train", round(math.exp(-0.5 * step), 6), step)
    log.report_scalar("loss", "val", round(math.exp(-0.25 * step), 6), step)
log.report_scalar("odd", "value", float("nan"), 0)
log.report_single_value("accuracy", 0.75)
log.report_table("table", "all", iteration=0, table_plot=[["a", "b"], [1, 2]])
task.upload_artifact("scores", {"auc": 0.875})
task.set_comment("as expected")
task.set_user_properties(team="vision")
if NAME == "killed":
    log.flush(wait=True)
    import time
    time.sleep(3)
    os._exit(1)
task.close()
"""


def make_clearml(work: Path) -> None:
    """A session that was closed, as a zip archive, and one that was killed, as a folder."""
    for name in ("closed", "killed"):
        run_script(work, f"{name}.py", f"NAME = {name!r}\n{CLEARML}", CLEARML_CACHE_DIR=str(work / "cache"))
    offline = work / "cache" / "offline"
    for archive in offline.glob("*.zip"):
        shutil.rmtree(archive.with_suffix(""))
    about = "An offline session that was closed, as a zip archive, and one that was killed, as a folder."
    finish("clearml_offline", offline, work, "clearml 2.1.12", about)


COMET = """
import math
import comet_ml
run = comet_ml.OfflineExperiment(
    project_name="digits", workspace="lab", offline_directory="logs", log_code=False, log_git_patch=False,
    auto_output_logging=False, log_env_gpu=False, log_env_cpu=False, log_env_network=False, log_env_disk=False,
    display_summary_level=0)
run.set_name("mlp s3")
run.add_tags(["base", "small"])
run.log_parameters({"rate": 0.5, "hidden": [24, 12], "opt": {"name": "adam"}, "seed": 3, "big": 2**60 + 1})
for step in range(4):
    with run.train():
        run.log_metric("loss", round(math.exp(-0.5 * step), 6), step=step, epoch=0)
    run.log_metric("val/acc", step / 4, step=step)
run.log_metric("odd", float("nan"), step=0)
run.log_metric("odd", float("-inf"), step=1)
run.log_other("team", "vision")
run.log_html("<b>note</b>")
with open("scores.txt", "w") as file:
    file.write("0.875")
run.log_asset("scores.txt")
run.log_model("mlp", "scores.txt")
run.log_dataset_hash([1, 2])
run.log_dataset_info("digits", "v1", "data/train.csv")
run.end()
"""


def make_comet(work: Path) -> None:
    """One experiment in an archive."""
    run_script(work, "train.py", COMET)
    for path in (work / "logs").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            members = [(info, archive.read(info)) for info in archive.infolist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for info, content in members:
                archive.writestr(info, shortened(content) if info.filename == "messages.json" else content)
    about = "One experiment; the lists of packages are cut, and the machine is not the one it ran on."
    finish("comet_offline", work / "logs", work, "comet_ml 3.58.8", about)


def shortened(content: bytes) -> bytes:
    """Return the messages of an experiment with short lists of packages."""
    lines = []
    for line in content.decode().splitlines():
        message = json.loads(line)
        payload = message["payload"]
        if "os_packages" in payload:
            payload["os_packages"] = payload["os_packages"][:2]
        if "installed_packages" in payload:
            payload["installed_packages"] = [p for p in payload["installed_packages"] if p.startswith(KEPT_PACKAGES)]
        if message["type"] == "system_details":
            payload |= {"hostname": "lab", "user": "lab", "ip": None, "env": None}
        lines.append(json.dumps(message, separators=(",", ":")))
    return "\n".join(lines).encode() + b"\n"


NEPTUNE = """
import math
import neptune
run = neptune.init_run(
    mode="offline", project="lab/digits", name="mlp s3", tags=["base", "small"], description="as expected",
    capture_hardware_metrics=False, capture_stdout=False, capture_stderr=False, source_files=["train.py"], git_ref=False)
run["parameters"] = {"rate": 0.5, "hidden": "[24, 12]", "opt": {"name": "adam"}, "seed": 3, "flag": True}
for step in range(4):
    run["train/loss"].append(round(math.exp(-0.5 * step), 6), step=step * 10)
    run["val/acc"].append(step / 4)
run["final/acc"] = 0.75
run["stage"] = "last"
run["lines"].append("one line")
with open("scores.txt", "w") as file:
    file.write("0.875")
run["scores"].upload("scores.txt")
run["note"].upload(neptune.types.File.from_content("some text"))
run["data"].track_files("scores.txt")
run["passing"] = 1
del run["passing"]
run.stop()
"""


def make_neptune(work: Path) -> None:
    """One offline run in a hidden folder."""
    run_script(work, "train.py", NEPTUNE)
    logs = work / "logs"
    shutil.copytree(work / ".neptune", logs / "project" / ".neptune")
    about = "One offline run with settings, series with and without steps, files and a deleted field."
    finish("neptune_offline", logs, work, "neptune 1.14.0.post2", about)


def main() -> None:
    """Write the logs of the clients that are named."""
    makers = {name.removeprefix("make_"): made for name, made in globals().items() if name.startswith("make_")}
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder) / "digits"
            work.mkdir()
            makers[name](work)


if __name__ == "__main__":
    os.umask(0o022)
    main()
