"""`python -m swebench_runner` is the command `swebench`, whoever owns that name on this machine."""

from swebench_runner.cli.main import main

if __name__ == "__main__":
    main()
