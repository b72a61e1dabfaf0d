"""The editor of form documents: changes to the file as JSON, whatever state it is in."""
