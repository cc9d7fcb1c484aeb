"""Write the golden logs of the arrays reader with NumPy itself; run it in an environment that has it."""

from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent / "arrays_curves" / "input"


def main() -> None:
    """Write curves in each layout that is read, and arrays that are none."""
    steps = np.arange(5)
    for folder in ("Hopper", "ppo_s1"):
        (HERE / folder).mkdir(parents=True, exist_ok=True)
    for seed in range(3):
        np.save(HERE / "Hopper" / f"TD3_Hopper-v1_{seed}.npy", 100.0 * seed + steps)
    np.save(HERE / "ppo_s1" / "loss.npy", np.array([1.0, 0.5, np.nan, np.inf, 0.125], dtype=np.float32))
    np.save(HERE / "ppo_s1" / "eval_return.npy", steps)
    np.save(HERE / "a2c_reward.npy", np.asfortranarray(np.add.outer([0.0, 10.0], steps)))
    rows = [(step, step / 4, "train") for step in range(3)]
    np.save(HERE / "table_s2.npy", np.array(rows, dtype=[("step", "<i8"), ("loss", ">f4"), ("phase", "U5")]))
    arrays = {"timesteps": 100 * steps, "returns": np.add.outer(steps, [0.0, 1.0]), "lr": np.float64(0.25)}
    np.savez_compressed(HERE / "evals_seed5.npz", **arrays)
    np.save(HERE / "embedding.npy", np.zeros((4, 2)))


if __name__ == "__main__":
    main()
