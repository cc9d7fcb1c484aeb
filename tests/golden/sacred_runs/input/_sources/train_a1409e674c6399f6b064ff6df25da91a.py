
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
