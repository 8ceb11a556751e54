"""`rencheng drill`: a recorded storm over places whose people and devices are simulated, and the times of the chain."""
