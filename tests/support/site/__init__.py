"""The documentation site: pages of docs/, reference pages generated from the code, and checks of the result."""
