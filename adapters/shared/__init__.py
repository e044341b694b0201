"""One vendor's services, shared by its providers."""
