"""What generated services are measured against, each run in the generated service's own locked environment."""
