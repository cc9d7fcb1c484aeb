"""What differs between runs: typed values, params, environment, code, data."""
