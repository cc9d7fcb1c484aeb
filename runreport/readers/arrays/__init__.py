"""The reader of NumPy arrays that are learning curves."""
