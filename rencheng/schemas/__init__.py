"""Forms of sites, devices, mutes and rain forecasts, as the API, the commands and files carry them."""
