"""Values: messages, requests, completions, events, errors. These modules import only each other."""
