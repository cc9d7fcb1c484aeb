"""``python -m runreport``."""

from runreport.cli.app import main

if __name__ == "__main__":
    main()
