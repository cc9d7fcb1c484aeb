"""Names by which columns of tables are known, in the form in which they are compared: `batch_size`."""

STEPS = (
    "step",
    "_step",
    "global_step",
    "iteration",
    "iter",
    "training_iteration",
    "epoch",
    "timesteps",
    "num_timesteps",
    "total_timesteps",
    "frame",
)
"""Names of the step column, the first that is there wins; the others stay metrics."""

TIMES = ("timestamp", "_timestamp", "wall_time", "time", "date")
RUNS = ("run_id", "run_uuid", "run", "run_name")
METRICS = ("metric", "metric_name", "key", "name", "tag")
VALUES = ("value", "metric_value")
KEYS = frozenset(
    [
        "agent",
        "algo",
        "algorithm",
        "arch",
        "architecture",
        "benchmark",
        "condition",
        "config",
        "configuration",
        "dataset",
        "domain",
        "env",
        "env_id",
        "env_name",
        "environment",
        "experiment",
        "game",
        "method",
        "model",
        "model_name",
        "optimizer",
        "task",
        "trial",
        "trial_id",
        "trial_name",
        "variant",
    ]
)
"""Names of columns of texts that, where they vary within a file, tell its runs apart."""

SETTINGS = frozenset(
    [
        "batch_size",
        "bs",
        "c",
        "crop_pct",
        "depth",
        "dim",
        "dropout",
        "embed_dim",
        "epochs",
        "fold",
        "gamma",
        "heads",
        "hidden",
        "hidden_dim",
        "hidden_size",
        "image_size",
        "img_size",
        "input_size",
        "k",
        "l1",
        "l2",
        "layers",
        "learning_rate",
        "lr",
        "max_depth",
        "max_epochs",
        "max_steps",
        "momentum",
        "n_epochs",
        "n_estimators",
        "n_heads",
        "n_layers",
        "n_params",
        "noise",
        "num_epochs",
        "num_heads",
        "num_layers",
        "num_params",
        "param_count",
        "parameters",
        "params",
        "patience",
        "rank",
        "seq_len",
        "shots",
        "tau",
        "temperature",
        "units",
        "warmup",
        "warmup_steps",
        "wd",
        "weight_decay",
        "width",
    ]
)
"""Names of columns of numbers that are settings in a table of results, and may be in one of many runs.

Those of several words may follow a prefix: ``infer_batch_size``.
"""
