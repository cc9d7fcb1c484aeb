"""Statistics: arrays in, frozen values out; no files, no clock, no global random state."""
