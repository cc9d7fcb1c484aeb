"""Contract suites for authors of readers and themes."""
