"""What setup is to change: pure functions from facts and a request to changes.

`make_plan` brings all together. `choice` picks NICs and their drivers and refuses what must not be taken;
`devices`, `memory` and `cpus` make the changes, `boot` the unit that makes them again.
"""
