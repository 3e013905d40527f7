"""A made-up manufacturer's catalog to try things with: Hydrotherm, pumps and valves for buildings and plants."""
