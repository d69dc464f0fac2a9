"""`python -m linernotes`: the same as the console script."""

from linernotes.cli.app import main

main()
