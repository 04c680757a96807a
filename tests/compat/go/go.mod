module compat

go 1.20

// github.com/lirm/aeron-go is the test's checkout of one commit: a go.work names both.
