"""Record and replay: cassettes as values, matching, redaction, and a transport that answers from them."""
