"""The reader of tables of metrics, whoever wrote them."""
