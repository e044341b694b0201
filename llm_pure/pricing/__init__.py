"""Prices of models and the costs of calls, as values: `llm_pure.client.price_data` loads the table in this package.

Imports nothing by itself: a budget's ledger (`pricing.ledger`) needs no price table.
"""
