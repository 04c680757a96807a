"""What `./dev bundle` does: the artefacts that people install, built for old systems too."""
