"""What the engine costs, beside the floor and beside plain SpiffWorkflow, in one run."""
