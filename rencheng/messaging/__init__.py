"""Messages between the broker and the services. The only package that speaks to a broker."""
