"""What happens later: claiming, running, retrying and rescuing jobs of the ledger."""
