"""The console: what is on the screen, over what the store holds."""
