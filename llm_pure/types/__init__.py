"""Values: messages, requests, completions, events, errors. They import each other only."""
