"""The sample project is run by tests of its own, in a process of its own."""

collect_ignore = ["sample_project"]
