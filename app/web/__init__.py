"""What every page shares: request context, layout, lists, languages, errors, navigation."""
