"""The risk of sites, computed when it is asked for."""
