"""`python -m llm_pure` is the command `llm-pure`."""

from llm_pure.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
