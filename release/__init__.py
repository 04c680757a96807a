"""What `./dev bundle` does: the artefacts that people install, built to run on old systems too."""
