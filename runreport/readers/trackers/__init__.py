"""Experiment trackers beside MLflow, TensorBoard and W&B: one reader each."""
