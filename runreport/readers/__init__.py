"""One file per log format behind the protocol in :mod:`runreport.readers.base`."""
