"""Rain at a site: rainfall, official signals, forecasts, and the readiness that follows from them."""
