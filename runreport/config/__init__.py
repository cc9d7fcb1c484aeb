"""Options: declared once, read from file, environment and command line."""
