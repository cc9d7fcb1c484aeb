"""Readers of run logs that are plain text: lines by pattern, nnU-Net's training logs, and MLPerf's MLLOG."""
