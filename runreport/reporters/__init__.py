"""The same results as Markdown, CSV, JSON and Parquet."""
