"""What comes from the weather service, in the forms in which it comes."""
