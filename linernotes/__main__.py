"""`python -m linernotes`: the same as the console script."""

from linernotes.cli.main import main

main()
