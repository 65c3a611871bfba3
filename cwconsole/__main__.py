"""`python -m cwconsole`: the same as the command `cwconsole`."""

from cwconsole.cli.main import main

main()
