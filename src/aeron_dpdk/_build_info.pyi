"""Written by the native build: which state of the sources it was made from."""

GIT: str
