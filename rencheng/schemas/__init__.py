"""JSON forms of sites, devices, mutes and forecasts, as the API, the commands and files carry them."""
