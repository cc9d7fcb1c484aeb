from pathlib import Path

import pytest
from tfevents_encoder import event, float_tensor, scalar, simple, summary, version
from tracker_logs import claims, read

import runreport
from runreport.ingestion import ingest
from runreport.names import Direction, Relation, RunStatus
from runreport.readers.base import Joining, Reader
from runreport.readers.trackers.guild import GuildReader

RUN_ID = "a" * 32
ATTRIBUTES = {
    "id": RUN_ID,
    "started": "1760000000500000",
    "stopped": "1760000010500000",
    "exit_status": "0",
    "flags": "lr: 0.1\nnet:\n  depth: 2\n",
    "label": "lr=0.1",
    "host": "lab",
    "user": "ada",
}


def write(root: Path, *, files: dict[str, str] | None = None, name: str = RUN_ID, **attributes: str) -> Path:
    folder = root / "runs" / name
    (folder / ".guild" / "attrs").mkdir(parents=True)
    (folder / ".guild" / "opref").write_text("guildfile:/lab/guild.yml abc '' net train")
    for attribute, text in ({**ATTRIBUTES, **attributes}).items():
        if text:
            (folder / ".guild" / "attrs" / attribute).write_text(text)
    for path, text in (files or {}).items():
        (folder / path).write_text(text)
    return folder


def test_it_is_a_reader() -> None:
    assert isinstance(GuildReader(), Reader)


def test_facts_of_a_run(tmp_path: Path) -> None:
    write(tmp_path, tags="[base, small]", comments="- {body: fine, user: ada}\n- {body: really}\n", random_seed="7")
    found = read(GuildReader(), tmp_path)
    run = found.log.run
    assert (run.experiment, run.name, run.status) == ("net:train", "lr=0.1", RunStatus.FINISHED)
    assert (run.host, run.user, run.duration_s, run.seed) == ("lab", "ada", 10, None)
    assert run.note == "ada: fine\nreally"
    assert found.params == {"lr": "0.1", "net.depth": "2"}
    assert found.tags == {"base": "", "small": "", "random_seed": "7"}
    assert found.notices == ()


def test_a_run_keeps_its_identity_wherever_it_lies(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two" / "deeper")
    first, second = (read(GuildReader(), tmp_path / name).sources[0] for name in ("one", "two"))
    assert first.run_id == second.run_id
    assert first.joining is Joining.BENEATH


@pytest.mark.parametrize(
    ("code", "mark", "status"),
    [
        ("0", "", RunStatus.FINISHED),
        ("1", "", RunStatus.FAILED),
        ("-15", "", RunStatus.KILLED),
        ("", "LOCK", RunStatus.RUNNING),
        ("", "PENDING", RunStatus.RUNNING),
        ("", "", RunStatus.FAILED),
        ("x", "", RunStatus.FAILED),
    ],
)
def test_statuses(tmp_path: Path, code: str, mark: str, status: RunStatus) -> None:
    write(tmp_path, files={f".guild/{mark}": "1"} if mark else {}, exit_status=code)
    assert read(GuildReader(), tmp_path).log.run.status is status


def test_scalars_of_the_hidden_folder(tmp_path: Path) -> None:
    folder = write(tmp_path)
    other = event(summary(float_tensor("tensor", 1.0)), step=1)
    both = event(summary(simple("loss", 0.5), simple("acc", 0.25)), step=-1)
    data = version() + scalar("loss", 0, 1.0) + both + other
    (folder / ".guild" / "events.out.tfevents.1.lab").write_bytes(data + scalar("loss", 2, 0.1)[:-3])
    found = read(GuildReader(), tmp_path)
    assert found.series == {"loss": [(0, 1.0), (-1, 0.5)], "acc": [(-1, 0.25)]}
    assert found.codes == ["cut-tail", "not-scalars"]


def test_event_files_that_the_script_wrote_belong_to_the_run(tmp_path: Path) -> None:
    folder = write(tmp_path / "home")
    (folder / ".guild" / "events.out.tfevents.1.lab").write_bytes(version() + scalar("loss", 0, 1.0))
    (folder / "logs" / "train").mkdir(parents=True)
    (folder / "logs" / "train" / "events.out.tfevents.2.lab").write_bytes(version() + scalar("acc", 0, 0.5))
    result = ingest([tmp_path / "home"], store=tmp_path / "store", jobs=1)
    assert result.runs_added == 1
    assert set(runreport.open_store(tmp_path / "store").metrics()["metric"]) == {"loss", "acc"}


def test_damaged_event_files_are_told_about(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / ".guild" / "events.out.tfevents.1.lab").write_bytes(version() + b"\x05" * 40)
    assert read(GuildReader(), tmp_path).codes == ["damaged-file"]


def test_code_data_and_files(tmp_path: Path) -> None:
    files = {
        ".guild/manifest": "s train.py 11 train.py\nd data.csv 22 file:data.csv\ns 'a b.py' 33 'a b.py'\n",
        ".guild/output": "hello",
        "train.py": "",
        "a b.py": "",
        "data.csv": "",
        "link.csv": "",
        "model.txt": "w",
        "x.tfevents.1": "",
    }
    write(
        tmp_path,
        files=files,
        vcs_commit="git:abc*",
        sourcecode_digest="ff",
        cmd="[python, -um, guild.op_main, train, --, --lr, '0.1']",
        deps="data: {data: {uri: 'file:data.csv', paths: [../data.csv]}, more: {uri: 'file:link.csv', paths: [link.csv]}}",
        pip_freeze="- numpy==2.0.1\n- scikit_learn==1.5\n",
        platform="{python_version: '3.11.7 (main)', cpus: 2, uname: Linux}",
        env="{TOKEN: secret}",
    )
    found = read(GuildReader(), tmp_path)
    code = found.log.code
    assert code is not None
    assert (code.vcs, code.commit, code.dirty, code.diff_digest, code.entry_point) == (
        "git",
        "abc",
        True,
        "md5:ff",
        "train",
    )
    assert {(data.dataset, data.digest) for data in found.log.datasets} == {("data.csv", "sha1:22"), ("link.csv", None)}
    assert [one.path for one in found.log.artifacts] == ["output", "model.txt"]
    assert found.environment == {
        ("package", "numpy"): "2.0.1",
        ("package", "scikit-learn"): "1.5",
        ("package", "python"): "3.11.7",
        ("hardware", "cpus"): "2",
        ("os", "uname"): "Linux",
    }


def test_variables_of_the_process_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, env="{TOKEN: secret}")
    assert "secret" not in repr(read(GuildReader(), tmp_path))


def test_the_objective_of_an_optimizer_is_the_primary_metric(tmp_path: Path) -> None:
    write(tmp_path, objective="-acc")
    (info,) = read(GuildReader(), tmp_path).log.metric_infos
    assert (info.metric, info.direction, info.is_primary) == ("acc", Direction.UP, True)


def test_the_trials_of_a_batch_are_its_children_and_runs_of_their_own(tmp_path: Path) -> None:
    trial = "f" * 32
    write(tmp_path, name=trial, id=trial)
    batch = write(tmp_path)
    (batch / trial).symlink_to(f"../{trial}")
    found = read(GuildReader(), tmp_path)
    by_path = {source.path: source.run_id for source in found.sources}
    assert set(by_path) == {f"runs/{RUN_ID}", f"runs/{trial}"}
    (edge,) = [edge for log in found.logs for edge in log.edges]
    assert (edge.to_node, edge.relation) == (f"run:{by_path[f'runs/{trial}']}", Relation.CHILD)


def test_deleted_runs_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "trash")
    found = read(GuildReader(), tmp_path)
    assert (found.sources, found.codes) == ((), ["deleted-runs"])


def test_broken_attributes_cost_only_what_they_hold(tmp_path: Path) -> None:
    write(tmp_path, flags="a: [", started="soon", stopped="9" * 18, comments="{", files={".guild/manifest": "s 'x\n\n"})
    found = read(GuildReader(), tmp_path)
    assert found.log.run.started is None
    assert found.codes == ["unreadable-file", "unreadable-file"]


def test_a_guild_folder_of_something_else_is_left(tmp_path: Path) -> None:
    (tmp_path / ".guild" / "cache").mkdir(parents=True)
    assert claims(GuildReader(), tmp_path) == {}
