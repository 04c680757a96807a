"""The host that a driver runs on. `tree` reads a host's files, ours or a recorded one's; `facts` say what the
host has; `findings` what is wrong with it, given what the operator intends (`intent`); `plan` what setup
would change; `change` makes the changes and undoes them; `aws` is about EC2; `thread_cpus` assigns CPUs to
threads.
"""
