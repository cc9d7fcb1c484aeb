
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
