"""What a request costs, beside gateways that do the same work in other technologies."""
