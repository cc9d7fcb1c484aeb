"""From the store's tables to the columns that are analysed."""
