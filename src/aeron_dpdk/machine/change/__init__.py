"""What is done to a host: the only modules of the package that change one.

`apply` carries out a plan and undoes it, by a `journal`. A change is of a resource: `resources` and, of NICs,
`nic_resources`. Resources write through `system`, which has every effect; `interface` has those by netlink
and ethtool. `outside_setup` has the two changes that need no plan.
"""
