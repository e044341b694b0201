"""Wire APIs of providers, one package for each, named after the API and not after a vendor."""
