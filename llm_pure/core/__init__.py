"""What every dialect is built on: the service, the dialect table, and failures inside builders and readers."""
