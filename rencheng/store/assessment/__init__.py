"""What is on record about sites, for the assessment of their risk."""
