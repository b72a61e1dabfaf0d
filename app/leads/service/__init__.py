"""What capturing, qualifying, following up and ending a lead writes: one module per part of its life."""
