"""What is done to a host: the only modules of the package that change one."""
