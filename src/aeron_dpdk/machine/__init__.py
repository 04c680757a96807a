"""The host that a driver runs on. `tree` reads a host's files, ours or a recorded one's; `facts` say what it
has; `findings` what is wrong with it for what was meant (`intent`); `plan` what setup would change; `change`
does that and undoes it; `aws` is about EC2; `thread_cpus` shares out CPUs.
"""
