"""Statistics against answers computed by other libraries; ``python -m tests.known_answers DIR`` runs a folder of them."""
