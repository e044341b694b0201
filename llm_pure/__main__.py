"""Run the command `llm-pure` as `python -m llm_pure`."""

from llm_pure.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
