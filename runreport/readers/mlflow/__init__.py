"""Readers of MLflow's stores and exports."""
