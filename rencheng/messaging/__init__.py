"""Messages between the broker and the services. No other package of the library talks to a broker."""
