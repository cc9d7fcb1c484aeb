"""Readers of logs of reinforcement learning."""
