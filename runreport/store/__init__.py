"""The store: immutable Parquet files and numbered manifests in one folder."""
