"""Crisis signalling across countries: the Lewis-Schultz model, estimated from grouped outcome counts."""
