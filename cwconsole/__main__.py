"""The command `cwconsole`, also as `python -m cwconsole`.

What is loaded at the start stays until the end. The garbage collector would look through it again and again while it
grows, a third of the whole start; so it waits, and begins when the command has been loaded (`loading.done`).
"""

from cwconsole import loading

loading.begin()

from cwconsole.cli.main import main  # noqa: E402 - not before the collector waits

if __name__ == "__main__":
    main()
